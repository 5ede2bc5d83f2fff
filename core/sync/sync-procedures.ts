import type { FetchWhat } from '#api/sync.ts';
import type { Console } from '#core/console.ts';
import { AppError } from '#core/ports/errors.ts';
import type { Boundary } from '#core/router/boundary.ts';
import { roomOn } from '#core/storage/disk-room.ts';
import type { FetchScope } from '#core/storage/fetch-tables.ts';
import type { Village } from '#core/village/open-village.ts';
import { sealWords } from '#domain/agreement/seal-words.ts';
import { fromHex } from '#domain/bytes.ts';
import { conflictOf } from './conflict-sides.ts';

export function syncProcedures(os: Boundary, console: Console) {
  const s = os.sync;
  const open = (id: string): Village => console.find(id).village;
  return {
    status: s.status.handler(({ input }) => statusOf(open(input.village))),
    dial: s.dial.handler(async ({ input }) => {
      await open(input.village).node.dial(input.address);
      return {};
    }),
    pause: s.pause.handler(({ input }) => {
      open(input.village).segments.setFetched('all', false);
      return {};
    }),
    resume: s.resume.handler(({ input }) => {
      open(input.village).segments.setFetched('all', true);
      return {};
    }),
    cancelFetch: s.cancelFetch.handler(({ input }) => {
      open(input.village).segments.setFetched(scopeOf(input.what), false);
      return {};
    }),
    fetchAgain: s.fetchAgain.handler(({ input }) => {
      open(input.village).segments.setFetched(scopeOf(input.what), true);
      return {};
    }),
    forgetPeer: s.forgetPeer.handler(async ({ input }) => {
      const { node } = open(input.village);
      if (!node.peers().some((p) => p.peer === input.peer))
        throw new AppError('NOT_FOUND', 'This console does not know that console.');
      await node.forget(input.peer);
      return {};
    }),
    setMeetingPoint: s.setMeetingPoint.handler(async ({ input }) => {
      const village = open(input.village);
      try {
        await village.network.setMeetingPoint(input.address ?? undefined);
      } finally {
        village.notify('sync');
      }
      return {};
    }),
    markSeen: s.markSeen.handler(({ input }) => {
      const village = open(input.village);
      const told = [...village.state().conflicts, ...village.chains.breaks()];
      if (!told.some(({ id }) => id === input.conflict))
        throw new AppError('NOT_FOUND', 'This is settled: there is no such conflict any more.');
      village.store.markConflictSeen(input.conflict, village.now());
      village.notify('sync');
      return {};
    }),
    setOnline: s.setOnline.handler(async ({ input }) => {
      const village = open(input.village);
      await village.node.setOnline(input.online);
      village.notify('sync');
      return {};
    }),
  };
}

const scopeOf = (what: FetchWhat): FetchScope =>
  what.kind === 'device' ? `device:${what.device}` : `month:${what.month}`;

function statusOf(village: Village) {
  const state = village.revealed();
  const deviceOf = new Map(village.node.peers().map((p) => [p.peer, p.device]));
  const nameOf = (device: string | undefined): string | null => {
    const member = device ? state.devices.get(device)?.member : undefined;
    return member ? (state.members.get(member)?.name ?? null) : null;
  };
  const fetching = village.segments.progress();
  const files = village.store.archivedMonths();
  const hash = village.stateHash();
  return {
    online: village.node.online,
    disk: roomOn(village.dir),
    addresses: village.node.addresses(),
    meetingPoint: village.network.meetingPoint() ?? null,
    stateHash: hash,
    words: sealWords(fromHex(hash), 4),
    records: village.index.size,
    segments: {
      announced: state.segments.size,
      present: fetching.verified.segments,
      bytes: fetching.verified.bytes,
    },
    fetching: {
      ...fetching,
      devices: fetching.devices.map(({ id, ...d }) => ({ ...d, device: id, name: nameOf(id) })),
      months: fetching.months.map(({ id, ...m }) => ({ ...m, month: id, file: files.get(id)?.file ?? null })),
    },
    peers: village.node.peers().map((p) => ({
      peer: p.peer,
      device: p.device ?? null,
      name: nameOf(p.device),
      connected: p.connected,
      relayed: p.relayed,
      keyRefused: p.keyRefused,
      heardAtMs: p.heardAt ?? null,
      inStep: p.inStep,
      toSend: p.toSend,
      toFetch: p.toFetch,
      // The same heads in every book are the same records, and the state is a pure fold of them.
      sameState: p.inStep ? true : null,
      addresses: [...p.addresses],
    })),
    refused: [...strangersOf(village), ...village.store.refused(50)].map((r) => ({
      ...r,
      name: nameOf(deviceOf.get(r.peer) ?? r.peer),
    })),
    conflicts: state.conflicts.map((c) => conflictOf(village, state, c)),
    chains: chainsOf(village, nameOf),
  };
}

const MOST_CHAINS = 50;
const MOST_SIDES = 6;
const MOST_METERS = 12;

function chainsOf(village: Village, nameOf: (device: string) => string | null) {
  const { meters } = village.revealed();
  const seen = village.store.seenConflicts();
  return village.chains
    .breaks()
    .slice(0, MOST_CHAINS)
    .map((b) => ({
      id: b.id,
      seen: seen.has(b.id),
      kind: b.kind,
      device: b.device,
      name: nameOf(b.device),
      sides: b.segments.slice(0, MOST_SIDES).map(({ day, atMs }) => ({ day, atMs })),
      meters: b.meters.slice(0, MOST_METERS).map((id) => ({ id, name: meters.get(id)?.name ?? id.slice(0, 8) })),
      moreMeters: Math.max(0, b.meters.length - MOST_METERS),
    }));
}

/** Records that came of devices nobody let in: kept apart, and said so until somebody does. */
const strangersOf = (village: Village) =>
  village.waiting().map(({ device, book, sinceMs }) => ({
    atMs: sinceMs,
    peer: device,
    book,
    reason: 'this device was never let into the village',
  }));
