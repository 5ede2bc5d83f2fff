import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode, equalBytes, sha256, toHex } from '../bytes.ts';
import { LayeredMap } from '../layered-map.ts';
import { type Checkpoint, closeRecordsOf } from './epochs.ts';
import { foldRecords } from './fold.ts';
import { GROWN_KINDS, restand } from './grown.ts';
import { checkpointHash, makeSnapshot, rememberSnapshot, snapshotOf } from './snapshot.ts';
import { checkpointBefore, settledTwice } from './snapshot-fixture.ts';
import { perGroup, readGroup, writeGroup } from './snapshot-groups.ts';
import { readLive, writeLive } from './snapshot-live.ts';
import { allParts, cutBytes, joinBlocks, MAX_BLOCK_BYTES, readSnapshotRoot } from './snapshot-root.ts';
import { bytesOfWhole, openWhole, type WholeSnapshot, writeWhole } from './snapshot-whole-fixture.ts';
import { emptyState, type SegmentRef, type VillageState, ZERO_HASH } from './state.ts';
import { recoverOnce, shuffle } from './village-fixture.ts';

const { village, first, second } = settledTwice();
const foldFrom = (records = village.records, from = {}) =>
  foldRecords(village.id, records, { nowMs: village.nowMs, recover: recoverOnce, ...from });
const whole = foldFrom();
const before = checkpointBefore(village, second);
const written = writeWhole(before);
const of = { village: village.id, settled: second };
const open = (snapshot: WholeSnapshot): Checkpoint => {
  const opened = openWhole(snapshot);
  if (!opened.ok) throw new Error(opened.reason);
  return opened.checkpoint;
};
/** The same checkpoint, on items that lie elsewhere, as a console stands on its rows. */
function stand(checkpoint: Checkpoint): Checkpoint {
  const stood = restand(checkpoint, (map) => map.standingOn(map));
  rememberSnapshot(stood, snapshotOf(checkpoint));
  return stood;
}

describe('a snapshot', () => {
  test('holds a checkpoint whole: there is something in every part of it, and it comes back as it was', () => {
    const { state } = whole.checkpoint;
    const empty = Object.entries(state).filter(
      ([name, part]) => name !== 'outside' && ((Array.isArray(part) && part.length === 0) || isEmpty(part)),
    );
    expect(empty).toEqual([]);
    expect(whole.checkpoint.settled).toBe(second);
    for (const checkpoint of [before, whole.checkpoint]) expect(open(writeWhole(checkpoint))).toEqual(checkpoint);
  });

  test('is the same bytes from the same records, in whatever order they came and wherever the fold began', () => {
    const bytes = bytesOfWhole(written);
    const last = bytesOfWhole(writeWhole(whole.checkpoint));
    fc.assert(
      fc.property(
        fc.integer(),
        fc.nat(village.records.length),
        fc.constantFrom('genesis', 'snapshot', 'rows'),
        (seed, again, begin) => {
          const arrived = shuffle([...village.records, ...village.records.slice(0, again)], seed);
          const came = checkpointBefore(village, second, arrived);
          expect(bytesOfWhole(writeWhole(came))).toBe(bytes);
          const from = begin === 'snapshot' ? open(written) : stand(came);
          const { checkpoint } = foldFrom(arrived, begin === 'genesis' ? {} : { from });
          expect(bytesOfWhole(writeWhole(checkpoint))).toBe(last);
        },
      ),
      { numRuns: 25 },
    );
  });

  test('is gone on from as from the checkpoint it was made of', () => {
    const folded = foldFrom(village.records, { from: open(written) });
    expect(folded.state).toEqual(whole.state);
    expect([...folded.state.segments.keys()]).toEqual([...whole.state.segments.keys()]);
  });

  test('has one encoding: of blocks that were changed or cut none is read as another', () => {
    const names = [...written.blocks.keys()];
    fc.assert(
      fc.property(fc.nat(names.length), fc.nat(), fc.integer({ min: 1, max: 255 }), (which, place, flip) => {
        const name = names[which];
        const block = name === undefined ? written.root : (written.blocks.get(name) as Uint8Array);
        const changed = new Uint8Array(block);
        const at = place % block.length;
        changed[at] = (changed[at] as number) ^ flip;
        for (const other of [changed, block.slice(0, at)]) {
          if (name !== undefined) {
            expect(openWhole({ ...written, blocks: new Map([...written.blocks, [name, other]]) }).ok).toBe(false);
            continue;
          }
          const opened = openWhole({ ...written, root: other });
          if (opened.ok) expect(equalBytes(snapshotOf(opened.checkpoint).block, other)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('is refused with the reason where its live part is not what it has to be', () => {
    const value = () =>
      decode(writeLive(whole.checkpoint)) as Record<string, unknown> & { state: Record<string, unknown[]> };
    const changed = (change: (v: ReturnType<typeof value>) => void) => {
      const v = value();
      change(v);
      const read = readLive(encode(v), of);
      return read.ok ? 'read' : read.reason;
    };
    expect(changed(() => undefined)).toBe('read');
    expect(changed((v) => v.state['members']?.reverse())).toMatch('state.members');
    expect(changed((v) => v.state['devices']?.push(v.state['devices'][0]))).toMatch('state.devices');
    expect(changed((v) => v.state['closes']?.push(v.state['closes'][0]))).toMatch('not in canonical form');
    expect(changed((v) => Object.assign(v.state, { more: 1 }))).toMatch('bad field state');
    expect(changed((v) => delete v.state['lanes'])).toMatch('state.lanes');
    expect(changed((v) => Object.assign(v, { settled: first }))).toMatch('last epoch');
    expect(changed((v) => Object.assign(v, { v: 2 }))).toMatch('bad field');
  });

  test('is refused with the reason where a group is not what it has to be', () => {
    const chain = [`members ${village.device.id}`, new Uint8Array(32)] as const;
    const [segment] = [...before.state.segments];
    const reasonOf = (...input: Parameters<typeof readGroup>) => {
      const read = readGroup(...input);
      return read.ok ? 'read' : read.reason;
    };
    expect(reasonOf('chains', writeGroup('chains', [chain]), 1)).toBe('read');
    expect(reasonOf('chains', writeGroup('chains', [chain]), 2)).toMatch('bad field chains');
    expect(reasonOf('chains', writeGroup('chains', [chain, chain]), 2)).toMatch('twice');
    expect(reasonOf('chains', writeGroup('chains', [[chain[0], new Uint8Array(31)]]), 1)).toMatch('chains.0.1');
    if (!segment) throw new Error('the fixture has no segment');
    const other = { ...segment[1], more: 1 };
    expect(reasonOf('segments', writeGroup('segments', [[segment[0], other]]), 1)).toMatch('segments.0');
  });

  test('never throws on what is none', () => {
    fc.assert(
      fc.property(fc.anything({ withBigInt: true }), fc.uint8Array({ maxLength: 300 }), (value, noise) => {
        expect(readLive(noise, of).ok).toBe(false);
        expect(readSnapshotRoot(noise)).toBeUndefined();
        let encoded: Uint8Array;
        let root: Uint8Array;
        try {
          encoded = encode({ ...(decode(writeLive(before)) as object), state: value });
          root = encode({ ...(decode(written.root) as object), grown: value });
        } catch {
          return;
        }
        expect(readLive(encoded, of).ok).toBe(false);
        expect(readSnapshotRoot(root)).toBeUndefined();
        for (const kind of GROWN_KINDS) expect(readGroup(kind, encoded, 1).ok).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});

describe('the groups of a snapshot', () => {
  const segment = (n: number): [string, SegmentRef] => {
    const cid = `bafy${n.toString(32).replaceAll('0', 'w').replaceAll('1', 'z').replaceAll('8', 'y').replaceAll('9', 'x').padStart(55, 'a')}`;
    const at = { day: '2012-01-02', fromMs: n, toMs: n + 1, atMs: n };
    const of = { device: village.device.id, record: cid, root: new Uint8Array(32), prev: null };
    return [cid, { cid, ...at, ...of, bytes: 9, frames: 1 }];
  };
  const size = perGroup('segments');
  const withSegments = (from: Checkpoint, first: number, end: number): Checkpoint => {
    const segments = from.state.segments.fork();
    for (let n = first; n < end; n++) segments.set(...segment(n));
    return { ...from, state: { ...from.state, segments } };
  };
  const madeBy = (checkpoint: Checkpoint): number => {
    const making = makeSnapshot(checkpoint);
    for (let made = 0; ; made++) if (making.next().done) return made;
  };
  const months = withSegments(before, 1000, 1000 + 3 * size);

  test('are made again only where something in them is new or changed, and then say the same as all made anew', () => {
    const stood = stand(months);
    const later = withSegments(stood, 9000, 9000 + size);
    const [cid, value] = segment(1000 + size);
    later.state.segments.set(cid, { ...value, frames: 2 });
    const all = withSegments(months, 9000, 9000 + size);
    all.state.segments.set(cid, { ...value, frames: 2 });
    expect(madeBy(stood)).toBe(0);
    // The one with the change, the one that was not full, and the new one.
    expect(madeBy(later)).toBe(3);
    expect(madeBy(all)).toBeGreaterThan(9);
    expect(snapshotOf(later).hash).toBe(snapshotOf(all).hash);
    const [then, now] = [months, later].map((c) => snapshotOf(c).root.grown.segments.groups.map((g) => g[0]?.digest));
    expect(now?.map((digest, i) => toHex(digest ?? new Uint8Array()) === toHex(then?.[i] ?? new Uint8Array()))).toEqual(
      [true, false, true, false, false],
    );
    expect(bytesOfWhole(writeWhole(later))).toBe(bytesOfWhole(writeWhole(all)));
  });

  test('are read back whole, whatever their number', () => {
    for (const end of [1000, 1000 + size - 1, 1000 + size, 1001 + 2 * size]) {
      const checkpoint = withSegments(before, 1000, end);
      expect([...open(writeWhole(checkpoint)).state.segments]).toEqual([...checkpoint.state.segments]);
    }
  });
});

describe('the blocks of a snapshot', () => {
  const large = new Uint8Array(2.5 * 1024 * 1024).map((_, i) => i % 251);

  test('are bounded, and make the same bytes again in their order only', () => {
    for (const bytes of [writeLive(before), large]) {
      const blocks = cutBytes(bytes);
      expect(blocks.length).toBe(Math.ceil(bytes.length / (1024 * 1024)));
      for (const block of blocks) expect(block.length).toBeLessThanOrEqual(MAX_BLOCK_BYTES);
      expect(equalBytes(joinBlocks(blocks) ?? new Uint8Array(), bytes)).toBe(true);
      expect(joinBlocks([written.root, ...blocks.slice(1)])).toBeUndefined();
      if (blocks.length > 1) expect(joinBlocks(blocks.toReversed())).toBeUndefined();
    }
  });

  test('have a root that names each with its size, and reads as nothing else', () => {
    const root = readSnapshotRoot(written.root);
    if (!root) throw new Error('the root does not read');
    expect(new Set(allParts(root).map(({ digest }) => toHex(digest)))).toEqual(new Set(written.blocks.keys()));
    for (const { digest, bytes } of allParts(root)) expect(written.blocks.get(toHex(digest))?.length).toBe(bytes);
    const value = decode(written.root) as { grown: { segments: { items: number } } };
    const counted = { ...value.grown, segments: { ...value.grown.segments, items: 10 * perGroup('segments') } };
    expect(readSnapshotRoot(encode({ ...value, grown: counted }))).toBeUndefined();
    for (const block of [...written.blocks.values(), new Uint8Array()]) expect(readSnapshotRoot(block)).toBeUndefined();
    expect(toHex(sha256(written.root))).toBe(checkpointHash(before).slice(2));
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
