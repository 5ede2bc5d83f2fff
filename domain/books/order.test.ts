import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cidOf, utf8 } from '../bytes.ts';
import { shuffle } from '../village/village-fixture.ts';
import { orderRecords } from './order.ts';
import type { KnownRecord } from './record.ts';

const DEVICES = ['0a', '0b', '0c'].map((x) => x.repeat(32));

interface Step {
  readonly device: number;
  readonly ms: number;
  /** How much of what others wrote the author knew. */
  readonly known: number;
}
const steps = fc.array(fc.record({ device: fc.nat(2), ms: fc.nat(20), known: fc.nat(3) }), { maxLength: 40 });

/** Records of three devices in one book; clocks are arbitrary, so some are back-dated. */
function writeAll(all: readonly Step[]): KnownRecord[] {
  const records: KnownRecord[] = [];
  all.forEach((s, i) => {
    const device = DEVICES[s.device] as string;
    const own = records.filter((r) => r.device === device).at(-1);
    const seen = s.known === 0 ? [] : records.filter((r) => r.device !== device).slice(-s.known);
    records.push({
      v: 1,
      village: '00'.repeat(32),
      book: 'members',
      kind: 'note',
      device,
      seq: own ? own.seq + 1 : 0,
      prev: own?.id ?? null,
      at: { ms: s.ms, n: 0 },
      seen: seen.map((r) => r.id),
      body: null,
      id: cidOf(utf8(`${i}`)),
    });
  });
  return records;
}
const idsOf = (records: readonly KnownRecord[]) => records.map((r) => r.id);

describe('the order in which records count', () => {
  test('is the same for any order of arrival and any duplicates', () => {
    fc.assert(
      fc.property(steps, fc.integer(), fc.nat(20), (all, seed, again) => {
        const records = writeAll(all);
        const arrived = shuffle([...records, ...records.slice(0, again)], seed);
        expect(idsOf(orderRecords(arrived))).toEqual(idsOf(orderRecords(records)));
      }),
    );
  });

  test('holds every record once', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const records = writeAll(all);
        expect(idsOf(orderRecords([...records, ...records])).sort()).toEqual(idsOf(records).sort());
      }),
    );
  });

  test('puts what a record follows and what its author had seen before it, whatever the clocks say', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const ordered = orderRecords(writeAll(all));
        const place = new Map(ordered.map((r, i) => [r.id, i]));
        for (const r of ordered)
          for (const before of [...r.seen, ...(r.prev === null ? [] : [r.prev])])
            expect(place.get(before)).toBeLessThan(place.get(r.id) as number);
      }),
    );
  });

  test('is by clock, then number within the clock, then id where nobody had seen the other', () => {
    const [a, b] = writeAll([
      { device: 0, ms: 5, known: 0 },
      { device: 1, ms: 4, known: 0 },
    ]) as [KnownRecord, KnownRecord];
    expect(idsOf(orderRecords([a, b]))).toEqual([b.id, a.id]);
    const tied = [a, { ...b, at: { ms: 5, n: 1 } }];
    expect(idsOf(orderRecords(tied))).toEqual([a.id, b.id]);
    const equal = [a, { ...b, at: a.at }];
    expect(idsOf(orderRecords(equal))).toEqual([a.id, b.id].sort());
  });

  test('does not wait for a record that has not arrived', () => {
    const records = writeAll([
      { device: 0, ms: 1, known: 0 },
      { device: 0, ms: 2, known: 0 },
      { device: 0, ms: 3, known: 0 },
    ]);
    expect(idsOf(orderRecords(records.slice(1)))).toEqual(idsOf(records.slice(1)));
  });

  test('takes ten thousand records in one chain', () => {
    const records = writeAll([{ device: 0, ms: 0, known: 0 }]);
    for (let seq = 1; seq < 10_000; seq++) {
      const last = records[seq - 1] as KnownRecord;
      records.push({ ...last, seq, prev: last.id, at: { ms: 10_000 - seq, n: 0 }, id: cidOf(utf8(`chain ${seq}`)) });
    }
    expect(idsOf(orderRecords(shuffle(records, 7)))).toEqual(idsOf(records));
  });
});
