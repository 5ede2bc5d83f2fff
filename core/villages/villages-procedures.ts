import type { Console, OpenVillage } from '#core/console.ts';
import { AppError } from '#core/ports/errors.ts';
import type { Boundary } from '#core/router/boundary.ts';
import type { Village } from '#core/village/open-village.ts';
import { operatorsDigest } from '#domain/settlement/batch.ts';
import { DAY_MS } from '#domain/time.ts';
import {
  devicesWithout,
  isNetworkKeyExposed,
  NETWORK_KEY_GRACE_MS,
  oldestNetworkEpoch,
} from '#domain/village/fold-network.ts';
import type { RevealedState } from '#domain/village/reveal.ts';
import { keyOf, type VillageState } from '#domain/village/state.ts';
import { addConsole, makePass, readPass } from './console-pass.ts';
import { startDemo } from './demo-village.ts';
import { foundVillage } from './founding.ts';
import { joinVillage, makeInvitation, readInvitation } from './invitations.ts';
import { becomeNewDevice } from './restored-copy.ts';

export function villagesProcedures(os: Boundary, console: Console) {
  const v = os.villages;
  return {
    state: v.state.handler(() => ({
      version: console.options.version,
      host: console.options.host,
      dataKey: console.dataKey.holder,
      language: console.store.preference('language') ?? null,
      nowMs: console.options.clock.now(),
      villages: [...console.open.values()].map(summaryOf),
      demo: { ...console.demo },
    })),
    setLanguage: v.setLanguage.handler(({ input }) => {
      console.store.setPreference('language', input.language);
      console.changes.notify('villages', null);
      return {};
    }),
    found: v.found.handler(async ({ input }) => {
      const { open, words } = await foundVillage(console, { ...input, simulated: false, how: 'founded' });
      console.changes.notify('villages', null);
      return { village: open.village.id, words };
    }),
    readInvitation: v.readInvitation.handler(({ input }) => {
      const i = readInvitation(input.text);
      const { roles, expiresMs } = i.certificate;
      return {
        village: i.village,
        villageName: i.villageName,
        name: i.name,
        roles,
        expiresAtMs: expiresMs,
        invitedBy: i.invitedBy,
      };
    }),
    join: v.join.handler(async ({ input }) => {
      const { open, words } = await joinVillage(console, input);
      console.changes.notify('villages', null);
      return { village: open.village.id, words };
    }),
    consolePass: v.consolePass.handler(({ input }) => ({ text: makePass(console.find(input.village)) })),
    readConsolePass: v.readConsolePass.handler(({ input }) => {
      const { village, villageName, name } = readPass(input.text);
      return { village, villageName, name };
    }),
    addConsole: v.addConsole.handler(async ({ input }) => {
      const { village } = await addConsole(console, input);
      console.changes.notify('villages', null);
      return { village: village.id };
    }),
    invite: v.invite.handler(async ({ input }) => {
      const open = console.find(input.village);
      const key = await open.village.keystore.unlock(open.village.row.member, input.pin);
      const expiresMs = open.village.now() + input.days * DAY_MS;
      return {
        text: makeInvitation(open, key, { name: input.name, roles: input.roles, expiresMs }),
        expiresAtMs: expiresMs,
      };
    }),
    startDemo: v.startDemo.handler(() => ({ job: startDemo(console) })),
    settings: v.settings.handler(({ input }) => settingsOf(console, console.find(input.village))),
    setCoordinators: v.setCoordinators.handler(async ({ input }) => {
      const { village } = console.find(input.village);
      const state = village.state();
      const founding = state.founding;
      if (!founding)
        throw new AppError('NOT_FOUND', 'The founding record of this village is not here yet.', { retryable: true });
      const operators = input.members.map((m) => keyOf(state, m) ?? '').sort();
      const key = await village.keystore.unlock(input.signer, input.pin);
      const { epoch } = state.coordinators;
      const value = { village: `0x${village.id}`, epoch, operators, threshold: input.threshold };
      const sig = key.sign(operatorsDigest({ chainId: founding.chain.chainId, ledger: founding.chain.ledger }, value));
      const body = { epoch, members: input.members, threshold: input.threshold, operators, signer: input.signer, sig };
      await village.act([{ book: 'members', kind: 'policy.coordinators', body }]);
      return {};
    }),
    becomeNewDevice: v.becomeNewDevice.handler(async ({ input }) => {
      const { village } = await becomeNewDevice(console, console.find(input.village), input.pin);
      console.changes.notify('villages', null);
      return { device: village.keys.id };
    }),
    revokeDevice: v.revokeDevice.handler(async ({ input }) => {
      const { village } = console.find(input.village);
      if (input.device === village.keys.id)
        throw new AppError('BAD_INPUT', 'This console cannot revoke itself. Do it from another one.');
      const last = input.counts === 'nothing' ? {} : lastOf(village, input.device);
      const fields = village.seal('revocation', input.device, { text: input.reason });
      await village.act([
        { book: 'members', kind: 'device.revoke', body: { device: input.device, last, private: fields } },
      ]);
      return {};
    }),
    changeNetworkKey: v.changeNetworkKey.handler(async ({ input }) => {
      const { village } = console.find(input.village);
      await village.act([village.network.changeKey(village.state())]);
      return {};
    }),
    diagnostics: v.diagnostics.handler(({ input }) => ({ text: diagnosticsOf(console, console.find(input.village)) })),
  };
}

/** The number of the last record of a device that is here, by book. */
const lastOf = (village: Village, device: string): Record<string, number> =>
  Object.fromEntries(
    Object.entries(village.index.positions()).flatMap(([book, devices]) => {
      const seq = devices[device];
      return seq === undefined ? [] : [[book, seq]];
    }),
  );

export function summaryOf({ village }: OpenVillage) {
  const state = village.revealed();
  const { founding } = state;
  const me = state.members.get(village.row.member);
  return {
    id: village.id,
    name: founding?.name ?? village.row.name,
    currency: founding?.currency ?? { code: 'XXX', exponent: 0 },
    zoneOffsetMin: founding?.zoneOffsetMin ?? 0,
    simulated: founding?.simulated ?? false,
    ready: founding !== null && me !== undefined,
    me: me ? { id: me.id, name: me.name, roles: [...me.roles] } : null,
    device: village.keys.id,
    copied: village.copied(),
  };
}

function settingsOf(console: Console, { village }: OpenVillage) {
  const state = village.revealed();
  const { founding } = state;
  if (!founding)
    throw new AppError(
      'NOT_FOUND',
      'The founding record of this village is not here yet. It comes with the first sync.',
      { retryable: true },
    );
  const nameOf = (id: string) => ({ id, name: state.members.get(id)?.name ?? id });
  return {
    name: founding.name,
    currency: founding.currency,
    zoneOffsetMin: founding.zoneOffsetMin,
    founded: founding.createdMs,
    coordinators: { members: state.coordinators.members.map(nameOf), threshold: state.coordinators.threshold },
    pendingCoordinators: pendingOf(state),
    chain: {
      chainId: founding.chain.chainId,
      ledger: founding.chain.ledger,
      genesis: founding.chain.genesis,
      hereByDevice: founding.chain.device === village.keys.id,
    },
    debtFloorMinor: founding.debtFloor,
    reservePercent: founding.reservePercent,
    dataDirectory: console.options.dir,
    listen: village.node.addresses(),
    network: networkOf(state, village.now()),
    devices: [...state.devices.values()].map((d) => ({
      id: d.id,
      member: d.member,
      memberName: nameOf(d.member).name,
      grantedAtMs: d.grantedMs,
      revoked: d.revoked !== null,
      here: d.id === village.keys.id,
    })),
  };
}

function networkOf(state: VillageState, nowMs: number) {
  const newest = state.networkKeys.at(-1);
  const consoles = [...state.devices.values()].filter((d) => d.revoked === null).length;
  const isOldOpen = newest !== undefined && oldestNetworkEpoch(state, nowMs) < newest.epoch;
  return {
    changedAtMs: newest?.atMs ?? null,
    have: newest ? consoles - devicesWithout(state, newest).length : consoles,
    consoles,
    oldUntilMs: isOldOpen ? newest.atMs + NETWORK_KEY_GRACE_MS : null,
    exposed: isNetworkKeyExposed(state),
  };
}

function pendingOf(state: RevealedState) {
  const { epoch, threshold, members } = state.coordinators;
  const nameOf = (id: string) => ({ id, name: state.members.get(id)?.name ?? id });
  return state.coordinatorChanges
    .filter((c) => c.epoch === epoch && !c.agreed)
    .map((c) => ({
      members: c.members.map(nameOf),
      threshold: c.threshold,
      signedBy: members.filter((m) => c.signatures.some((s) => s.address === keyOf(state, m))).map(nameOf),
      needed: threshold,
    }));
}

/** Versions, counts and states; no key, name or reading. */
function diagnosticsOf(console: Console, { village, settler }: OpenVillage): string {
  const state = village.state();
  const lines: [string, string | number | boolean][] = [
    ['gridpact', console.options.version],
    ['node', process.version],
    ['platform', `${process.platform} ${process.arch}`],
    ['host', console.options.host],
    ['data key', console.dataKey.holder],
    ['village', village.id],
    ['device', village.keys.id],
    ['state hash', village.stateHash()],
    ['records', village.index.size],
    ['records that do not count', state.onHold.size],
    ['records of unknown kinds', state.unknown.size],
    ['members', state.members.size],
    ['devices', state.devices.size],
    ['meters', state.meters.size],
    ['agreements', state.agreements.size],
    ['segments announced', state.segments.size],
    ...Object.entries(village.store.counts()).map(([k, n]) => [`stored ${k}`, n] as [string, number]),
    ['peers connected', village.node.peers().filter((p) => p.connected).length],
    ['online', village.node.online],
    ['chain here', settler.here],
    ['closes', state.closes.size],
  ];
  return `${lines.map(([k, value]) => `${k}: ${value}`).join('\n')}\n`;
}
