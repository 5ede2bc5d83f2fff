import { setTimeout as pause } from 'node:timers/promises';
import { closesOf, proposeClose, signClose, verifyClose } from '#core/accounts/closing.ts';
import { draftAgreement, signAgreement } from '#core/agreements/agreements-procedures.ts';
import type { Console, OpenVillage } from '#core/console.ts';
import { addPerson } from '#core/members/members-procedures.ts';
import { addMeter } from '#core/metering/meters-procedures.ts';
import { sealUntil } from '#core/metering/sealing.ts';
import { AppError } from '#core/ports/errors.ts';
import { startConsole } from '#core/start-core.ts';
import type { Village } from '#core/village/open-village.ts';
import { foundVillage } from '#core/villages/founding.ts';
import { joinVillage, makeInvitation } from '#core/villages/invitations.ts';
import { partiesOf } from '#domain/agreement/terms.ts';
import type { Role } from '#domain/membership/roles.ts';
import { operatorsDigest } from '#domain/settlement/batch.ts';
import { DAY_MS } from '#domain/time.ts';
import { hasSigned, signersOf } from '#domain/village/fold-agreements.ts';
import { keyOf } from '#domain/village/state.ts';
import { composeOptions } from '#main/compose.ts';
import { connectPlant } from '#meter-drivers/simulator/plant-client.ts';
import { figuresOf } from './figures.ts';
import type { PeerMethod, PeerRequests, Standing } from './peer-protocol.ts';

const PIN = '2468';
const SETTLE_TRIES = 5;
const SETTLE_PAUSE_MS = 200;
type Handlers = {
  readonly [M in PeerMethod]: (
    input: Parameters<PeerRequests[M]>[0],
  ) => ReturnType<PeerRequests[M]> | Promise<ReturnType<PeerRequests[M]>>;
};

/** The demo's hand on one console: real core, real node, real meters; only its clock is led. */
export function createPeer(log: (line: string) => void) {
  let atMs = 0;
  let unsureMs: number | undefined;
  let running: { readonly console: Console; stop(): Promise<void> } | undefined;
  const clock = { now: () => atMs };
  const console = (): Console => {
    if (!running) throw new AppError('INTERNAL', 'The peer is not started.');
    return running.console;
  };
  const open = (): OpenVillage => {
    const first = [...console().open.values()][0];
    if (!first) throw new AppError('NOT_FOUND', 'This peer holds no village.');
    return first;
  };
  const unlockMe = () => open().village.keystore.unlock(open().village.row.member, PIN);

  const handlers: Handlers = {
    async start(input) {
      atMs = Math.max(atMs, input.atMs);
      running ??= await startConsole({
        ...composeOptions({
          dataDir: input.dir,
          host: 'command-line',
          mdns: false,
          listen: ['/ip4/127.0.0.1/tcp/0'],
          log,
        }),
        clock,
        autoPoll: false,
      });
      const first = [...console().open.values()][0];
      return { addresses: first ? first.village.node.addresses() : [], device: first?.village.keys.id ?? '' };
    },
    setTime(input) {
      atMs = Math.max(atMs, input.atMs);
      return null;
    },
    async found(input) {
      if (console().open.size === 0) {
        const { name, currency, zoneOffsetMin, simulated } = input;
        await foundVillage(console(), {
          name,
          currency,
          zoneOffsetMin,
          simulated,
          you: { name: input.person, roles: ['coordinator'] },
          pin: PIN,
          how: 'founded',
        });
      }
      return { village: open().village.id };
    },
    async invite(input) {
      const text = makeInvitation(open(), await unlockMe(), {
        name: input.name,
        roles: input.roles as Role[],
        expiresMs: atMs + 30 * DAY_MS,
      });
      return { text };
    },
    async join(input) {
      if (console().open.size === 0) await joinVillage(console(), { ...input, pin: PIN });
      return { village: open().village.id };
    },
    members: async ({ people }) => ({
      members: await Promise.all(people.map((p) => addOnce(open().village, p.name, p.roles as Role[]))),
    }),
    memberNamed({ name }) {
      const known = [...open().village.revealed().members.values()].find((m) => m.name === name);
      return { member: known?.id ?? null };
    },
    async coordinators({ members, threshold }) {
      const { village } = open();
      const state = village.state();
      if (!state.founding || state.coordinators.members.join() === members.join()) return null;
      const operators = members.map((m) => keyOf(state, m) ?? '').sort();
      const { epoch } = state.coordinators;
      const sig = (await unlockMe()).sign(
        operatorsDigest(state.founding.chain, { village: `0x${village.id}`, epoch, operators, threshold }),
      );
      const body = { epoch, members, threshold, operators, signer: village.row.member, sig };
      await village.act([{ book: 'members', kind: 'policy.coordinators', body }]);
      return null;
    },
    async meter(input) {
      const { village } = open();
      const known = [...village.revealed().meters.values()].find((m) => m.name === input.name);
      if (known) return { meter: known.id };
      const { name, kind, member, limitW, model, port, unit } = input;
      const place = kind === 'use' ? ('home' as const) : null;
      const meter = await addMeter(
        console(),
        open(),
        { name, kind, place, source: null, asset: null, member, limitW },
        { model, host: '127.0.0.1', port, unit },
        { evenIfSilent: true },
      );
      return { meter };
    },
    async draft(input) {
      const { village } = open();
      const known = [...village.state().agreements.values()][0];
      if (known) return { agreement: known.id };
      const { owner, host, grid, hostMeter, neighbours, month } = input;
      const agreement = await draftAgreement(village, {
        kind: 'host-lease',
        owner,
        host,
        grid,
        asset: null,
        hostMeter,
        neighbours,
        hostPrice: 200n,
        rentBp: 1500,
        neighbourPrice: 180n,
        wheelingPrice: 10n,
        ownerShareBp: 6000,
        from: month,
        months: 144,
        after: 'returns-to-owner',
      });
      return { agreement };
    },
    async signAgreement({ agreement }) {
      const { village } = open();
      let signed = 0;
      for (;;) {
        const state = village.state();
        const a = state.agreements.get(agreement);
        if (!a) throw new AppError('NOT_FOUND', 'The agreement has not come here yet.', { retryable: true });
        const next = partiesOf(a.terms).find(
          (p) =>
            !hasSigned(state, a, p.member) && signersOf(state, p.member).signers.some((s) => village.keystore.has(s)),
        );
        if (!next) return { signed, effective: a.effectiveMs !== null };
        await signAgreement(village, {
          agreement,
          party: next.member,
          signer: next.member,
          pin: PIN,
          termsHash: a.hash,
        });
        signed += 1;
      }
    },
    agreementKnown: ({ agreement }) => ({ known: open().village.state().agreements.has(agreement) }),
    async acquire({ controlPort, fromMs, toMs, pollMs, stepMs }) {
      const { village, acquisition } = open();
      const last = village.store.lastPollMs();
      const next = last === undefined ? fromMs : Math.max(fromMs, last + pollMs);
      const plant = await connectPlant(controlPort);
      let readings = 0;
      try {
        for (let at = unsureMs ?? next; at <= toMs; at += pollMs) {
          atMs = Math.max(atMs, at);
          await plant.set(at);
          const polled = await acquisition.poll(at);
          // A plant that died meanwhile makes no meter silent: the instant is read again from the next one.
          unsureMs = at;
          await plant.set(at);
          unsureMs = undefined;
          readings += polled.filter((r) => r.answered).length;
          if (at % DAY_MS === 0) await sealUntil(village, at, stepMs);
        }
        await sealUntil(village, toMs, stepMs);
      } finally {
        await plant.close();
      }
      return { readings };
    },
    async setOnline({ online }) {
      await open().village.node.setOnline(online);
      return null;
    },
    async dial({ addresses }) {
      for (const a of addresses) {
        // A console that is away now is remembered and dialled again.
        await open()
          .village.node.dial(a)
          .catch((e: unknown) => {
            if (!(e instanceof AppError && e.retryable)) throw e;
          });
      }
      return null;
    },
    close: async ({ month }) => ({ digest: await proposeClose(open().village, month) }),
    async signClose({ month, digest }) {
      const { village } = open();
      const close = village.state().closes.get(digest);
      const mine = village.row.member;
      if (close?.signatures.some((s) => s.member === mine))
        return { signatures: close.signatures.length, enough: close.agreed };
      return await signClose(village, month, digest, mine, PIN);
    },
    async closeKnown({ month }) {
      const { village } = open();
      const close = (await closesOf(village))(month);
      return {
        digest: close?.digest ?? null,
        verdict: close ? (await verifyClose(village, close)).verdict : 'not-yet',
      };
    },
    async settle() {
      for (let tries = 1; ; tries++) {
        try {
          await open().settler.settle();
          return null;
        } catch (e) {
          // The chain's process may have died; the next try starts it again.
          if (!(e instanceof AppError && e.retryable) || tries >= SETTLE_TRIES) throw e;
          await pause(SETTLE_PAUSE_MS);
        }
      }
    },
    standing: () => standingOf(open()),
    figures: ({ month }) => figuresOf(open(), month),
    async stop() {
      await running?.stop();
      running = undefined;
      return null;
    },
  };
  return {
    handle: async (method: PeerMethod, input: unknown): Promise<unknown> =>
      await (handlers[method] as (i: unknown) => unknown)(input),
  };
}

async function addOnce(village: Village, name: string, roles: Role[]): Promise<string> {
  const known = [...village.revealed().members.values()].find((m) => m.name === name);
  if (known && village.keystore.has(known.id)) return known.id;
  return (await addPerson(village, { name, roles, pin: PIN })).member;
}

function standingOf({ village }: OpenVillage): Standing {
  const state = village.state();
  const have = village.store.segments();
  return {
    stateHash: village.stateHash(),
    records: village.index.size,
    segmentsMissing: [...state.segments.values()].filter(({ cid }) => (have.get(cid)?.locked ?? 1) > 0).length,
    connected: village.node.peers().filter((p) => p.connected).length,
    members: state.members.size,
    names: [...village.revealed().members.values()].map((m) => m.name).join(),
    onHold: [...state.onHold.values()].slice(0, 3),
  };
}
