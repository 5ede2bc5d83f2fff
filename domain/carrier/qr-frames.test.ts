import fc from 'fast-check';
import encodeQR from 'qr';
import decodeQR from 'qr/decode.js';
import { describe, expect, test } from 'vitest';
import { concat, sha256, utf8 } from '../bytes.ts';
import { fromBase45, toBase45 } from './base45.ts';
import { createFrameCollector, cutIntoFrames, MAX_PAYLOAD_BYTES, type Payload } from './qr-frames.ts';

/** Bytes that no compression shortens, the same in every run. */
function noiseOf(length: number, name = 'noise'): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += 32) out.set(sha256(utf8(`${name} ${at}`)).subarray(0, length - at), at);
  return out;
}
const payloadOf = (length: number, name?: string): Payload => ({ kind: 'bundle', bytes: noiseOf(length, name) });

test('base45 is read back, and nothing else is taken for it', () => {
  expect(toBase45(new TextEncoder().encode('Hello!!'))).toBe('%69 VD92EX0');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      expect(fromBase45(toBase45(bytes))).toEqual(bytes);
    }),
  );
  for (const bad of ['A', ':::', 'GGW', '::', 'abc', 'ÄÄÄ']) expect(fromBase45(bad), bad).toBeUndefined();
});

describe('frames', () => {
  test('are read in any order, from any start, with a third of them missed, and little is shown twice', () => {
    for (const length of [0, 1, 238, 239, 240, 5_000, 20_000, MAX_PAYLOAD_BYTES]) {
      const payload = payloadOf(length);
      const source = cutIntoFrames(payload);
      const collector = createFrameCollector();
      let read = 0;
      for (let n = length % 500; collector.payload() === undefined; n++) {
        if (n % 3 === 0) continue;
        const frame = source.frame(n);
        expect(frame.length).toBeLessThan(440);
        collector.add(frame);
        read += 1;
        expect(read, `${length} bytes`).toBeLessThan(source.parts + 40);
      }
      expect(collector.payload()).toEqual(payload);
      expect(collector.progress()).toEqual({ have: source.parts, of: source.parts });
    }
  });

  test('of the first round alone are enough, in any order, and each counts once', () => {
    const source = cutIntoFrames({ kind: 'invitation', bytes: noiseOf(3000) });
    const collector = createFrameCollector();
    for (let n = source.parts - 1; n >= 0; n--) {
      expect(collector.payload()).toBeUndefined();
      expect(collector.add(source.frame(n))).toBe('new');
      expect(collector.add(source.frame(n))).toBe('known');
    }
    expect(collector.payload()?.kind).toBe('invitation');
  });

  test('of another payload, and what is no frame, change nothing', () => {
    const [one, two] = [cutIntoFrames(payloadOf(900)), cutIntoFrames(payloadOf(900, 'another'))];
    const collector = createFrameCollector();
    expect(collector.add('gridpact-invitation:abc')).toBe('none');
    expect(collector.progress()).toBeUndefined();
    collector.add(one.frame(0));
    expect(collector.add(two.frame(1))).toBe('other');
    expect(collector.progress()).toEqual({ have: 1, of: 4 });
    fc.assert(
      fc.property(fc.nat(one.frame(2).length - 1), fc.constantFrom('0', 'Z', ':', '+'), (at, letter) => {
        const text = one.frame(2);
        const changed = text.slice(0, at) + letter + text.slice(at + 1);
        expect(changed === text || collector.add(changed) === 'none', `${changed}`).toBe(true);
      }),
    );
  });

  test('among which somebody slipped one of their own give nothing, and the next round gives what was cut', () => {
    const payload = payloadOf(2000);
    const source = cutIntoFrames(payload);
    const body = (fromBase45(source.frame(3).slice('GP1:'.length)) ?? new Uint8Array()).slice(4);
    body[100] = (body[100] ?? 0) ^ 1;
    const forged = `GP1:${toBase45(concat(sha256(body).slice(0, 4), body))}`;
    const collector = createFrameCollector();
    expect(collector.add(forged)).toBe('new');
    for (let n = 0; n < source.parts; n++) collector.add(source.frame(n));
    expect(collector.payload()).toBeUndefined();
    expect(collector.progress()).toEqual({ have: 0, of: source.parts });
    for (let n = 0; n < source.parts; n++) collector.add(source.frame(n));
    expect(collector.payload()).toEqual(payload);
  });

  test('fit a code that stays readable when its picture is coarse, turned by quarters and noisy', () => {
    const source = cutIntoFrames(payloadOf(2000));
    for (const n of [0, 5, 40]) {
      const text = source.frame(n);
      const rows = encodeQR(text, 'raw', { ecc: 'medium', border: 4 });
      expect(rows.length).toBeLessThanOrEqual(77);
      expect(decodeQR(pictureOf(rows, 4, 0.004), SLOW)).toBe(text);
      const turned = rows.map((_, y) => rows.map((row) => row[y] ?? false).reverse());
      expect(decodeQR(pictureOf(turned, 5, 0.004), SLOW)).toBe(text);
    }
  });
});

/** As many tries as it takes: a loaded machine must not decide. */
const SLOW = { timeLimit: 5000 };
/** Grey on grey with flecks, as a poor camera sees it. */
function pictureOf(rows: readonly (readonly boolean[])[], scale: number, flecks: number) {
  const side = rows.length * scale;
  const data = new Uint8Array(side * side * 4).fill(255);
  const noise = noiseOf(side * side);
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const dark = rows[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? false;
      const fleck = (noise[y * side + x] ?? 0) < flecks * 256;
      const grey = (dark !== fleck ? 60 : 190) + ((noise[y * side + x] ?? 0) % 16);
      data.fill(grey, (y * side + x) * 4, (y * side + x) * 4 + 3);
    }
  return { width: side, height: side, data };
}
