import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode, sha256, toHex, utf8 } from '../bytes.ts';
import {
  announceBody,
  type Frame,
  frameAad,
  frameBytes,
  frameLeaf,
  frameMessage,
  MAX_FRAME_BYTES,
  MAX_SEGMENT_BYTES,
  type Segment,
} from './frame.ts';
import { readFrame, readSegment } from './frame-reader.ts';

const HOUR = 3_600_000;
const frame: Frame = {
  v: 1,
  meter: `e${'0a'.repeat(16)}`,
  gateway: '0b'.repeat(32),
  fromMs: Date.UTC(2012, 0, 1),
  stepMs: HOUR,
  importWh: [0n, 10n, null],
  exportWh: null,
  asked: [60, 60],
  answered: [60, 0],
  clock: 'synchronised',
  origin: 'gateway',
  prev: null,
  salt: new Uint8Array(16).fill(7),
};
const sealed = {
  meter: frame.meter,
  key: 'ab'.repeat(8),
  iv: new Uint8Array(12),
  box: new Uint8Array(17),
  leaf: new Uint8Array(32),
  sig: new Uint8Array(64),
};
const segment: Segment = {
  v: 1,
  village: '0c'.repeat(32),
  device: '0b'.repeat(32),
  day: '2012-01-01',
  prev: null,
  frames: [sealed],
};
const reads = (value: unknown) => () => readFrame(encode(value));
const readsSegment = (value: unknown) => () => readSegment(encode(value));

describe('a frame', () => {
  test('comes back as it was written', () => {
    expect(readFrame(frameBytes(frame))).toEqual(frame);
    const prev = sha256(utf8('before'));
    expect(readFrame(frameBytes({ ...frame, prev, exportWh: [1n, 2n ** 64n - 1n, null] })).prev).toEqual(prev);
  });

  test.each([
    ['asked and answered of different length', { asked: [60] }],
    ['a register too short', { importWh: [0n, 10n] }],
    ['a register too long', { importWh: [0n, 1n, 2n, 3n] }],
    ['no register', { importWh: null }],
    ['a negative register', { importWh: [0n, -1n, 2n] }],
    ['a start off the step', { fromMs: Date.UTC(2012, 0, 1) + 1 }],
    ['a step under a minute', { stepMs: 30_000 }],
    ['a step over a day', { stepMs: 25 * HOUR }],
    ['more than a day', { stepMs: 24 * HOUR }],
    ['a step that does not divide a day', { stepMs: 7 * 60_000, fromMs: 0 }],
    ['hours of two UTC days', { fromMs: 23 * HOUR }],
    ['no interval', { asked: [], answered: [], importWh: [0n] }],
    ['a time after the end of time', { fromMs: 9_000_000_000_000_000 }],
    ['a meter that is none', { meter: 'e1' }],
    ['a short salt', { salt: new Uint8Array(15) }],
    ['a predecessor that is no hash', { prev: new Uint8Array(31) }],
    ['an unknown clock', { clock: 'good' }],
    ['an unknown origin', { origin: 'guess' }],
    ['another version', { v: 2 }],
    ['a field more', { note: '' }],
    ['a fraction of a poll', { asked: [60, 0.5] }],
  ])('with %s is refused', (_, wrong) => {
    expect(reads({ ...frame, ...wrong })).toThrow();
  });

  test('of a day by the minute is the most that is read', () => {
    const full = (n: number) => ({
      ...frame,
      stepMs: 60_000,
      importWh: Array.from({ length: n + 1 }, (_, i) => BigInt(i)),
      asked: Array.from({ length: n }, () => 1),
      answered: Array.from({ length: n }, () => 1),
    });
    expect(readFrame(frameBytes(full(1440))).asked).toHaveLength(1440);
    expect(reads(full(1441))).toThrow();
    expect(() => readFrame(new Uint8Array(MAX_FRAME_BYTES + 1))).toThrow(/over the limit/);
  });

  test('never reads as anything from arbitrary bytes, and only throws errors', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(() => readFrame(bytes)).toThrow(Error);
        expect(() => readSegment(bytes)).toThrow(Error);
      }),
      { numRuns: 1000 },
    );
  });

  test('with any one field replaced is read within bounds or refused', () => {
    const value = fc.oneof(
      fc.anything({ withBigInt: true }),
      fc.array(fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constant(null)), { maxLength: 30 }),
      fc.array(fc.nat(), { maxLength: 30 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(frame)), value, (field, wrong) => {
        let bytes: Uint8Array;
        try {
          bytes = encode({ ...frame, [field]: wrong });
        } catch {
          return;
        }
        let read: Frame;
        try {
          read = readFrame(bytes);
        } catch (e) {
          expect(e).toBeInstanceOf(Error);
          return;
        }
        expect(frameBytes(read)).toEqual(bytes);
        expect(read.importWh?.length ?? read.exportWh?.length).toBe(read.asked.length + 1);
      }),
      { numRuns: 1000 },
    );
  });

  test('has a leaf that hides it behind its salt and a message bound to the village', () => {
    const leaf = frameLeaf(frameBytes(frame));
    expect(frameLeaf(frameBytes({ ...frame, salt: new Uint8Array(16).fill(8) }))).not.toEqual(leaf);
    expect(frameMessage('0c'.repeat(32), leaf)).not.toEqual(frameMessage('0d'.repeat(32), leaf));
    expect(toHex(frameAad('e1', 'ab'))).toBe(toHex(utf8('e1|ab')));
  });
});

describe('a segment', () => {
  test('comes back as it was written', () => {
    expect(readSegment(encode(segment))).toEqual(segment);
  });

  test.each([
    ['no frames', { frames: [] }],
    ['too many frames', { frames: Array.from({ length: 5001 }, () => sealed) }],
    ['a day that does not exist', { day: '2012-02-30' }],
    ['a box without a tag', { frames: [{ ...sealed, box: new Uint8Array(16) }] }],
    ['a box over the limit', { frames: [{ ...sealed, box: new Uint8Array(MAX_FRAME_BYTES + 17) }] }],
    ['a short iv', { frames: [{ ...sealed, iv: new Uint8Array(11) }] }],
    ['a short leaf', { frames: [{ ...sealed, leaf: new Uint8Array(31) }] }],
    ['a short signature', { frames: [{ ...sealed, sig: new Uint8Array(63) }] }],
    ['a field more', { note: 1 }],
  ])('with %s is refused', (_, wrong) => {
    expect(readsSegment({ ...segment, ...wrong })).toThrow();
  });

  test('over the limit is refused before it is decoded', () => {
    expect(() => readSegment(new Uint8Array(MAX_SEGMENT_BYTES + 1))).toThrow(/over the limit/);
  });

  test('is announced with no more frames than it can hold', () => {
    const body = {
      cid: `bafy${'a'.repeat(55)}`,
      day: '2012-01-01',
      root: new Uint8Array(32),
      frames: 5000,
      bytes: 1,
      fromMs: 0,
      toMs: 1,
      prev: null,
    };
    expect(announceBody.safeParse(body).success).toBe(true);
    expect(announceBody.safeParse({ ...body, frames: 5001 }).success).toBe(false);
  });
});
