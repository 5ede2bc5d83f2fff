import type { SegmentTally } from '#core/storage/settled-tables.ts';
import type { SegmentRef } from '#domain/village/state.ts';
import { monthOfSegment } from './fetch-choice.ts';

/** Counts segments by who announced them and their UTC month. */
export function createTallies() {
  const tallies = new Map<string, { month: string; device: string; segments: number; bytes: number }>();
  return {
    add(segments: Iterable<SegmentRef>): void {
      for (const s of segments) {
        const month = monthOfSegment(s);
        const tally = tallies.get(`${month} ${s.device}`) ?? { month, device: s.device, segments: 0, bytes: 0 };
        tally.segments += 1;
        tally.bytes += s.bytes;
        tallies.set(`${month} ${s.device}`, tally);
      }
    },
    all: (): SegmentTally[] => [...tallies.values()],
  };
}
