import type { VillageMarks } from '#core/ports/village-node.ts';
import { monthOfSegment } from '#core/village/fetch-choice.ts';
import type { Village } from '#core/village/open-village.ts';
import type { Month } from '#domain/time.ts';
import type { SegmentRef } from '#domain/village/state.ts';
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
    const beyond = segmentsBeyond(village, have);
    return { entries, days: beyond.days, bytes: beyond.bytes + entries * ENTRY_BYTES };
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

/** Days here whose announcements the owner of the marks lacks: of whole months in sums. */
function segmentsBeyond(village: Village, have: VillageMarks): Omit<Content, 'entries'> {
  const theirs = countsOf(have);
  const ours = countsOf(village.node.marks());
  const authorOf = (month: Month, device: string): string => `segments-${month}|${device}`;
  const isLacking = (author: string): boolean => (theirs.get(author) ?? 0) < (ours.get(author) ?? 0);
  const { whole, rest } = village.segments.announced();
  let [days, bytes] = [0, 0];
  const count = (ref: SegmentRef): void => {
    const author = authorOf(monthOfSegment(ref), ref.device);
    if (!isLacking(author)) return;
    const told = theirs.get(author) ?? 0;
    // A record is an entry, so its number tells; it is looked up only where something is missing.
    if (told > 0 && (village.index.find(ref.record)?.seq ?? 0) < told) return;
    days += 1;
    bytes += ref.bytes;
  };
  const apart = new Set(rest.map((ref) => ref.cid));
  for (const sum of whole) {
    const author = authorOf(sum.month, sum.device);
    if (!isLacking(author)) continue;
    if (theirs.has(author)) {
      const { segments } = village.state();
      for (const [cid, ref] of segments.within(`${sum.month}-01`, `${sum.month}-31`))
        if (ref.device === sum.device && !apart.has(cid)) count(ref);
    } else {
      days += sum.segments;
      bytes += sum.bytes;
    }
  }
  for (const ref of rest) if (village.store.segment(ref.cid)) count(ref);
  return { days, bytes };
}

const countsOf = (marks: VillageMarks): ReadonlyMap<string, number> =>
  new Map([...marks].flatMap(([book, list]) => list.map((m) => [`${book}|${m.device}`, m.count] as const)));
