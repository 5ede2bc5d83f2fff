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
  const here = new Set(village.store.segments().keys());
  const contentFor = (have: VillageMarks): Content => {
    const entries = lackedOf(village.node.marks(), have);
    const days = segmentsBeyond(village, here, have);
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

/** Days here whose announcements the owner of the marks lacks. */
function segmentsBeyond(village: Village, here: ReadonlySet<string>, have: VillageMarks): { readonly bytes: number }[] {
  const theirs = countsOf(have);
  const ours = countsOf(village.node.marks());
  return [...village.state().segments.values()].filter(({ cid, device, day, record }) => {
    const author = `segments-${day.slice(0, 7)}|${device}`;
    const told = theirs.get(author) ?? 0;
    if (!here.has(cid) || told >= (ours.get(author) ?? 0)) return false;
    // A record is an entry, so its number tells; it is looked up only where something is missing.
    return told === 0 || (village.index.find(record)?.seq ?? 0) >= told;
  });
}

const countsOf = (marks: VillageMarks): ReadonlyMap<string, number> =>
  new Map([...marks].flatMap(([book, list]) => list.map((m) => [`${book}|${m.device}`, m.count] as const)));
