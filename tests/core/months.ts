import { randomBytes } from 'node:crypto';
import { proposeClose, signClose } from '#core/accounts/closing.ts';
import { draftAgreement, signAgreement } from '#core/agreements/agreements-procedures.ts';
import { addPerson } from '#core/members/members-procedures.ts';
import { addMeter } from '#core/metering/meters-procedures.ts';
import { publishFrames } from '#core/metering/sealing.ts';
import { type HostLease, partiesOf } from '#domain/agreement/terms.ts';
import { newId } from '#domain/ids.ts';
import { operatorsDigest } from '#domain/settlement/batch.ts';
import { DAY_MS, dayOf, HOUR_MS, type Month, monthSpan, UTC } from '#domain/time.ts';
import { keyOf } from '#domain/village/state.ts';
import { converge, MARCH_MS, PIN, type TestConsole } from './consoles.ts';
import { homeMeter } from './plant.ts';

export const MONTH = '2026-03';
/** So many that the first of them may be put away. */
export const THREE_MONTHS = [MONTH, '2026-04', '2026-05'];
export const AFTER_MARCH_MS = monthSpan(MONTH, { offsetMin: 180 }).to + HOUR_MS;
export const addSilentMeter = (on: TestConsole, name: string, unit: number, member: string | null = null) =>
  addMeter(
    on.console(),
    on.open(),
    homeMeter(name, member),
    { model: 'schneider-iem3000', host: '127.0.0.1', port: 1, unit },
    { evenIfSilent: true },
  );

/** A day of one meter: 24 hours of the same energy, from a register value. */
export const dayOfMeter = (meter: string, dayMs: number, fromWh: bigint, whPerHour: bigint) => ({
  meter,
  fromMs: dayMs,
  stepMs: HOUR_MS,
  importWh: Array.from({ length: 25 }, (_, i) => fromWh + BigInt(i) * whPerHour),
  exportWh: null,
  asked: Array.from({ length: 24 }, () => 1),
  answered: Array.from({ length: 24 }, () => 1),
  clock: 'informative' as const,
  origin: 'gateway' as const,
});
export const sealDay = (on: TestConsole, ...frames: readonly ReturnType<typeof dayOfMeter>[]) =>
  publishFrames(on.open().village, dayOf(frames[0]?.fromMs ?? 0, UTC), frames);
/** First UTC day inside March in the village's time. */
export const FIRST_DAY_MS = Math.ceil(MARCH_MS / DAY_MS) * DAY_MS;

export interface Lease {
  readonly terms: HostLease;
  readonly agreement: string;
  readonly hostMeter: string;
  readonly homeMeter: string;
}

/** On the first console: a host, a home and a grid provider, a lease of the whole plant, and one sealed day. */
export async function makeLease(on: TestConsole): Promise<Lease> {
  const { village } = on.open();
  const add = async (name: string, role: 'owner' | 'prosumer' | 'consumer' | 'grid-provider') =>
    (await addPerson(village, { name, roles: [role], pin: PIN })).member;
  const [owner, host, grid, home] = [
    await add('Owner', 'owner'),
    await add('Host', 'prosumer'),
    await add('Grid', 'grid-provider'),
    await add('Home', 'consumer'),
  ];
  const hostMeter = await addSilentMeter(on, 'host', 1);
  const neighbour = await addSilentMeter(on, 'home', 2);
  const terms: HostLease = {
    kind: 'host-lease',
    owner,
    host,
    grid,
    asset: null,
    hostMeter,
    neighbours: [{ member: home, meter: neighbour }],
    hostPrice: 200n,
    rentBp: 1500,
    neighbourPrice: 180n,
    wheelingPrice: 10n,
    ownerShareBp: 6000,
    from: MONTH,
    months: 144,
    after: 'returns-to-owner',
  };
  const agreement = await draftAgreement(village, terms);
  const { hash } = village.state().agreements.get(agreement) ?? { hash: '' };
  for (const { member } of partiesOf(terms))
    await signAgreement(village, { agreement, party: member, signer: member, pin: PIN, termsHash: hash });
  await sealDay(on, dayOfMeter(hostMeter, FIRST_DAY_MS, 0n, 400n), dayOfMeter(neighbour, FIRST_DAY_MS, 0n, 300n));
  return { terms, agreement, hostMeter, homeMeter: neighbour };
}

/** Both consoles' own people close accounts together from here on. */
export async function shareCoordination(first: TestConsole, second: TestConsole): Promise<void> {
  const { village } = first.open();
  const state = village.state();
  const members = [village.row.member, second.open().village.row.member];
  const operators = members.map((m) => keyOf(state, m) ?? '').sort();
  const key = await village.keystore.unlock(village.row.member, PIN);
  const { epoch } = state.coordinators;
  const chain = state.founding?.chain;
  if (!chain) throw new Error('the village is not founded');
  const sig = key.sign(operatorsDigest(chain, { village: `0x${village.id}`, epoch, operators, threshold: 2 }));
  const body = { epoch, members, threshold: 2, operators, signer: village.row.member, sig };
  await village.act([{ book: 'members', kind: 'policy.coordinators', body }]);
  await converge(first, second);
}

export const setClocks = (atMs: number, ...consoles: readonly TestConsole[]): void => {
  for (const c of consoles) c.clock.atMs = Math.max(c.clock.atMs, atMs);
};
export const propose = (on: TestConsole, month: Month = MONTH): Promise<string> =>
  proposeClose(on.open().village, month);
export const sign = (on: TestConsole, digest: string, month: Month = MONTH) =>
  signClose(on.open().village, month, digest, on.open().village.row.member, PIN);

/** Closed, signed and settled, on the day after the month. */
export async function settleMonth(on: TestConsole, month: Month): Promise<void> {
  setClocks(monthSpan(month, { offsetMin: 180 }).to + HOUR_MS, on);
  await sign(on, await propose(on, month), month);
  await on.open().settler.settle();
}

/** Enters meters without asking one over a wire. */
export async function enterMeters(on: TestConsole, members: readonly (string | null)[]): Promise<string[]> {
  const { village } = on.open();
  const meters = members.map(() => newId('e', village.id, new Uint8Array(randomBytes(16))));
  const acts = meters.map((meter, i) => ({
    book: 'assets',
    kind: 'meter.add',
    body: {
      meter,
      private: village.seal('meter', meter, { name: `meter ${i}`, serial: null }),
      kind: 'use',
      place: 'home',
      source: null,
      asset: null,
      member: members[i] ?? null,
      limitW: 1000,
      manufacturer: null,
      model: null,
      simulated: true,
    },
  }));
  await village.act(acts);
  return meters;
}
