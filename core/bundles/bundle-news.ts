import type { VillageMarks } from '#core/ports/village-node.ts';
import type { Village } from '#core/village/open-village.ts';
import { knownConsoles } from './known-consoles.ts';
import { lackedOf } from './since.ts';

interface Content {
  readonly entries: number;
  readonly days: number;
  readonly bytes: number;
}
/** What an entry with its signatures weighs in a file, about. */
const ENTRY_BYTES = 1400;
const NONE: VillageMarks = new Map();

/** What a file for each other console would carry now; sizes are estimates, the file says exactly. */
export function newsFor(village: Village) {
  const state = village.revealed();
  const known = new Map(knownConsoles(village).map((k) => [k.device, k]));
  const nameOf = (device: string): string | null => {
    const member = state.devices.get(device)?.member;
    return (member && state.members.get(member)?.name) || null;
  };
  const contentFor = (have: VillageMarks): Content => {
    const entries = lackedOf(village.node.marks(), have);
    const days = segmentsBeyond(village, have);
    const bytes = days.reduce((n, d) => n + d.bytes, 0) + entries * ENTRY_BYTES;
    return { entries, days: days.length, bytes };
  };
  const passed = (way: 'in' | 'out') => {
    const row = village.store.lastBundle(way);
    if (!row) return null;
    const { atMs, device, entries, blocks, bytes } = row;
    return { atMs, name: nameOf(device), entries, days: blocks, bytes };
  };
  return {
    everything: contentFor(NONE),
    consoles: [...state.devices.values()]
      .filter((d) => d.id !== village.keys.id && d.revoked === null)
      .map(({ id }) => {
        const told = known.get(id);
        return {
          device: id,
          name: nameOf(id),
          toldAtMs: told?.atMs ?? null,
          byFile: told?.byFile ?? false,
          lacks: contentFor(told?.have ?? NONE),
        };
      }),
    lastIn: passed('in'),
    lastOut: passed('out'),
  };
}

/** Days here whose announcements the owner of the marks lacks. A record is an entry, so its number tells. */
function segmentsBeyond(village: Village, have: VillageMarks): { readonly bytes: number }[] {
  const counts = new Map(
    [...have].flatMap(([book, list]) => list.map((m) => [`${book}|${m.device}`, m.count] as const)),
  );
  const here = village.store.segments();
  return [...village.state().segments.values()].filter(({ cid, record }) => {
    const r = village.index.find(record);
    return here.has(cid) && r !== undefined && r.seq >= (counts.get(`${r.book}|${r.device}`) ?? 0);
  });
}
