import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode, equalBytes, toHex } from '../bytes.ts';
import { LayeredMap } from '../layered-map.ts';
import { closeRecordsOf } from './epochs.ts';
import { foldRecords } from './fold.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';
import { checkpointHash, joinSnapshot, readSnapshotRoot, splitSnapshot } from './snapshot-blocks.ts';
import { checkpointBefore, settledTwice } from './snapshot-fixture.ts';
import { emptyState, type VillageState, ZERO_HASH } from './state.ts';
import { recoverOnce, shuffle } from './village-fixture.ts';

const { village, first, second } = settledTwice();
const foldFrom = (records = village.records, from = {}) =>
  foldRecords(village.id, records, { nowMs: village.nowMs, recover: recoverOnce, ...from });
const whole = foldFrom();
const before = checkpointBefore(village, second);
const bytes = writeSnapshot(before);
const open = (snapshot: Uint8Array) => {
  const read = readSnapshot(snapshot);
  return read.ok ? read.checkpoint : read.reason;
};

describe('a snapshot', () => {
  test('holds a checkpoint whole: there is something in every part of it, and it comes back as it was', () => {
    const { state } = whole.checkpoint;
    const empty = Object.entries(state).filter(
      ([name, part]) => name !== 'outside' && ((Array.isArray(part) && part.length === 0) || isEmpty(part)),
    );
    expect(empty).toEqual([]);
    expect(whole.checkpoint.settled).toBe(second);
    for (const checkpoint of [before, whole.checkpoint]) expect(open(writeSnapshot(checkpoint))).toEqual(checkpoint);
  });

  test('is the same bytes from the same records, in whatever order they came and wherever the fold began', () => {
    const last = toHex(writeSnapshot(whole.checkpoint));
    fc.assert(
      fc.property(fc.integer(), fc.nat(village.records.length), fc.boolean(), (seed, again, kept) => {
        const arrived = shuffle([...village.records, ...village.records.slice(0, again)], seed);
        expect(equalBytes(writeSnapshot(checkpointBefore(village, second, arrived)), bytes)).toBe(true);
        const from = open(bytes);
        if (typeof from === 'string') throw new Error(from);
        expect(toHex(writeSnapshot(foldFrom(arrived, kept ? { from } : {}).checkpoint))).toBe(last);
      }),
      { numRuns: 25 },
    );
  });

  test('is gone on from as from the checkpoint it was made of', () => {
    const from = open(bytes);
    if (typeof from === 'string') throw new Error(from);
    const folded = foldFrom(village.records, { from });
    expect(folded.state).toEqual(whole.state);
    expect([...folded.state.segments.keys()]).toEqual([...whole.state.segments.keys()]);
  });

  test('has one encoding: of bytes that were changed, cut or put together otherwise none is read', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = new Uint8Array(bytes);
        changed[at] = (changed[at] as number) ^ flip;
        const read = readSnapshot(changed);
        if (read.ok) expect(equalBytes(writeSnapshot(read.checkpoint), changed)).toBe(true);
        expect(readSnapshot(bytes.slice(0, at)).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('is refused with the reason where a part is not what it has to be', () => {
    const value = () => decode(bytes) as Record<string, unknown> & { state: Record<string, unknown[]> };
    const changed = (change: (v: ReturnType<typeof value>) => void) => {
      const v = value();
      change(v);
      return open(encode(v));
    };
    expect(changed((v) => v.state['members']?.reverse())).toMatch('state.members');
    expect(changed((v) => v.state['devices']?.push(v.state['devices'][0]))).toMatch('state.devices');
    expect(changed((v) => v.state['segments']?.push(v.state['segments'][0]))).toMatch('not in canonical form');
    expect(changed((v) => Object.assign(v.state, { more: 1 }))).toMatch('bad field state');
    expect(changed((v) => delete v.state['lanes'])).toMatch('state.lanes');
    expect(changed((v) => Object.assign(v, { settled: second }))).toMatch('last epoch');
    expect(
      changed((v) => Object.assign(v, { chains: [[`members ${village.device.id}`, new Uint8Array(31)]] })),
    ).toMatch('chains');
    expect(open(encode({ ...value(), v: 2 }))).toMatch('bad field v');
    expect(open(new Uint8Array(65 * 1024 * 1024))).toMatch('more than any village needs');
  });

  test('never throws on what is none', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true }), fc.uint8Array({ maxLength: 300 }), (value, noise) => {
        expect(readSnapshot(noise).ok).toBe(false);
        let encoded: Uint8Array;
        try {
          encoded = encode({ ...(decode(bytes) as object), state: value });
        } catch {
          return;
        }
        expect(readSnapshot(encoded).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the blocks of a snapshot', () => {
  const large = new Uint8Array(2.5 * 1024 * 1024).map((_, i) => i % 251);

  test('are bounded, named in order by one root, and make the same bytes again', () => {
    for (const whole of [bytes, large]) {
      const { root, parts } = splitSnapshot(whole);
      const read = readSnapshotRoot(root);
      if (!read) throw new Error('the root does not read');
      expect(parts.length).toBe(Math.ceil(whole.length / (1024 * 1024)));
      expect(equalBytes(joinSnapshot(read, parts) ?? new Uint8Array(), whole)).toBe(true);
      expect(joinSnapshot(read, parts.slice(1))).toBeUndefined();
      expect(joinSnapshot(read, [root, ...parts.slice(1)])).toBeUndefined();
    }
  });

  test('have a root that reads as nothing else: any bytes, or a number of parts that does not fit', () => {
    const { root, parts } = splitSnapshot(large);
    const value = decode(root) as { parts: Uint8Array[] };
    expect(readSnapshotRoot(encode({ ...value, parts: value.parts.slice(1) }))).toBeUndefined();
    for (const other of [parts[0] as Uint8Array, bytes, new Uint8Array()])
      expect(readSnapshotRoot(other)).toBeUndefined();
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => readSnapshotRoot(noise) === undefined));
  });
});

test('a close names the checkpoint it follows by its hash, and the first one none', () => {
  const { proposals } = closeRecordsOf(village.records, village.founding);
  expect(proposals.get(first)?.cut.checkpoint).toBe(ZERO_HASH);
  expect(proposals.get(second)?.cut.checkpoint).toBe(checkpointHash(before));
  expect(checkpointHash(before)).not.toBe(ZERO_HASH);
});

const isEmpty = (part: VillageState[keyof VillageState]): boolean =>
  (part instanceof Map || part instanceof Set || part instanceof LayeredMap) &&
  part.size === 0 &&
  part !== emptyState('').outside;
