import { draftAgreement, signAgreement } from '#core/agreements/agreements-procedures.ts';
import type { OpenVillage } from '#core/console.ts';
import { addPerson } from '#core/members/members-procedures.ts';
import type { LoggerFile } from '#core/metering/import-readings.ts';
import { sealUntil } from '#core/metering/sealing.ts';
import type { RawReading } from '#core/storage/raw-readings.ts';
import { partiesOf } from '#domain/agreement/terms.ts';
import type { Role } from '#domain/membership/roles.ts';
import { HOUR_MS } from '#domain/time.ts';
import { enterMeter, MONTH, PIN, SPAN } from './village-month.ts';

export const HOST_PRICE = 200n;
export const NEIGHBOUR_PRICE = 180n;

/** People, meters, the signed host-lease and the sealed readings of the site's month, as the demo leaves them before its close. */
export async function sealMonth(open: OpenVillage, file: LoggerFile): Promise<void> {
  const { village } = open;
  const add = async (name: string, role: Role): Promise<string> =>
    (await addPerson(village, { name, roles: [role], pin: PIN })).member;
  const grid = await add('Grid provider', 'grid-provider');
  const lines: { member: string; meter: string }[] = [];
  const meters: string[] = [];
  for (const name of file.names) {
    const member = name.endsWith('_0') ? null : await add(name, name.endsWith('_1') ? 'prosumer' : 'consumer');
    const meter = await enterMeter(open, name, member);
    meters.push(meter);
    if (member !== null) lines.push({ member, meter });
  }
  const [host, ...neighbours] = lines;
  if (!host) throw new Error('the site has no circuit');
  await signLease(open, { owner: village.row.member, host, neighbours, grid });
  for (const [column, meter] of meters.entries()) {
    village.store.addLocalMeter(meter, '{}', SPAN.from);
    village.store.addReadings(readingsOf(meter, file, column));
  }
  await sealUntil(village, SPAN.to, HOUR_MS);
}

interface Lease {
  readonly owner: string;
  readonly host: { readonly member: string; readonly meter: string };
  readonly neighbours: { member: string; meter: string }[];
  readonly grid: string;
}

async function signLease({ village }: OpenVillage, { owner, host, neighbours, grid }: Lease): Promise<void> {
  const agreement = await draftAgreement(village, {
    kind: 'host-lease',
    owner,
    host: host.member,
    grid,
    asset: null,
    hostMeter: host.meter,
    neighbours,
    hostPrice: HOST_PRICE,
    rentBp: 1500,
    neighbourPrice: NEIGHBOUR_PRICE,
    wheelingPrice: 10n,
    ownerShareBp: 6000,
    from: MONTH,
    months: 144,
    after: 'returns-to-owner',
  });
  const drafted = village.state().agreements.get(agreement);
  if (!drafted) throw new Error('the lease is not in the books');
  for (const { member } of partiesOf(drafted.terms))
    await signAgreement(village, { agreement, party: member, signer: member, pin: PIN, termsHash: drafted.hash });
}

/** What polling every half hour brings: a recorded hour advances the register and is answered at both edges and inside. */
function readingsOf(meter: string, file: LoggerFile, column: number): RawReading[] {
  const hours = new Map(file.rows.map((row) => [row.atMs, row.tenths[column] ?? null]));
  const readings: RawReading[] = [];
  let tenths = 0n;
  const poll = (atMs: number, answered: boolean): void => {
    const importWh = answered ? tenths / 10n : null;
    readings.push({ meter, atMs, answered, importWh, exportWh: null, powerW: null, socPercent: null });
  };
  for (let at = SPAN.from; at <= SPAN.to; at += HOUR_MS) {
    const [before, now] = [hours.get(at - HOUR_MS) ?? null, hours.get(at) ?? null];
    poll(at, before !== null || now !== null);
    if (at < SPAN.to) poll(at + HOUR_MS / 2, now !== null);
    tenths += now ?? 0n;
  }
  return readings;
}
