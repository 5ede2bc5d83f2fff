import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../bytes.ts';
import { CLOCK_STATES, type Frame, frameSchema, ORIGINS, type Segment, segmentSchema } from './frame.ts';
import { readFrame, readFrameHead, readSegment } from './frame-reader.ts';

const HOUR = 3_600_000;
const hex = (letter: string, bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => `${letter}${Buffer.from(b).toString('hex')}`);
const bytes = (n: number) => fc.uint8Array({ minLength: n, maxLength: n });
const natural = fc.oneof(
  fc.bigInt({ min: 0n, max: 300n }),
  fc.bigInt({ min: 0n, max: 2n ** 33n }),
  fc.bigInt({ min: 2n ** 53n - 3n, max: 2n ** 53n + 3n }),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
);
const register = (n: number) => fc.array(fc.option(natural, { freq: 5 }), { minLength: n + 1, maxLength: n + 1 });
const polls = (n: number) => fc.array(fc.nat(100_000), { minLength: n, maxLength: n });
const anyFrame = fc.integer({ min: 1, max: 30 }).chain((n) =>
  fc
    .record({
      meter: hex('e', 16),
      gateway: hex('', 32),
      at: fc.nat(400_000),
      stepMs: fc.constantFrom(60_000, 900_000, HOUR / 2, HOUR, 86_400_000),
      importWh: fc.option(register(n)),
      exportWh: fc.option(register(n)),
      asked: polls(n),
      answered: polls(n),
      clock: fc.constantFrom(...CLOCK_STATES),
      origin: fc.constantFrom(...ORIGINS),
      prev: fc.option(bytes(32)),
      salt: bytes(16),
    })
    .map(({ at, ...f }): Frame => ({ v: 1, ...f, fromMs: at * f.stepMs })),
);
const anySegment: fc.Arbitrary<Segment> = fc.record({
  v: fc.constant(1 as const),
  village: hex('', 32),
  device: hex('', 32),
  day: fc.constantFrom('2012-01-01', '2024-02-29', '2999-12-31'),
  prev: fc.option(fc.constant(`bafy${'a'.repeat(55)}`)),
  frames: fc.array(
    fc.record({
      meter: hex('e', 16),
      key: hex('', 8),
      iv: bytes(12),
      box: fc.uint8Array({ minLength: 17, maxLength: 300 }),
      leaf: bytes(32),
      sig: bytes(64),
    }),
    { minLength: 1, maxLength: 4 },
  ),
});

/** One or two bytes replaced, put in or taken out. */
const mutated = (whole: Uint8Array) =>
  fc
    .array(fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255), how: fc.constantFrom('set', 'add', 'drop') }), {
      minLength: 1,
      maxLength: 2,
    })
    .map((changes) => {
      const list = [...whole];
      for (const { at, byte, how } of changes)
        list.splice(at, how === 'add' ? 0 : 1, ...(how === 'drop' ? [] : [byte]));
      return Uint8Array.from(list);
    });

/** What reading says: the value, or that it is refused. */
const outcome = (read: () => unknown): unknown => {
  try {
    return { value: read() };
  } catch (e) {
    expect(e).toBeInstanceOf(Error);
    return 'refused';
  }
};
const expectSameFrame = (input: Uint8Array): void => {
  const reference = outcome(() => frameSchema.parse(decode(input)));
  expect(outcome(() => readFrame(input))).toEqual(reference);
  const head = outcome(() => readFrameHead(input));
  if (reference === 'refused') expect(head).toBe('refused');
  else {
    const { value } = reference as { value: Frame };
    const { meter, gateway, fromMs, stepMs, origin, prev } = value;
    expect(head).toEqual({ value: { meter, gateway, fromMs, stepMs, origin, prev, intervals: value.asked.length } });
  }
};
const expectSameSegment = (input: Uint8Array): void => {
  expect(outcome(() => readSegment(input))).toEqual(outcome(() => segmentSchema.parse(decode(input))));
};

describe('the exact readers say what the strict decoder and the schema say', () => {
  test('of every frame', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => expectSameFrame(encode(frame))),
      { numRuns: 500 },
    );
  });

  test('of a frame with bytes changed', () => {
    fc.assert(
      fc.property(
        anyFrame.chain((frame) => mutated(encode(frame))),
        expectSameFrame,
      ),
      { numRuns: 5000 },
    );
  });

  test('of every segment, and of one with bytes changed', () => {
    fc.assert(
      fc.property(anySegment, (segment) => expectSameSegment(encode(segment))),
      { numRuns: 200 },
    );
    fc.assert(
      fc.property(
        anySegment.chain((segment) => mutated(encode(segment))),
        expectSameSegment,
      ),
      { numRuns: 3000 },
    );
  });

  test('of numbers longer than they need, lengths without an end, and fields in another order', () => {
    const [frame] = fc.sample(anyFrame, { numRuns: 1, seed: 7 });
    const whole = encode(frame);
    for (const put of [
      '1801',
      '190001',
      '1a00000001',
      '1b0000000000000001',
      '01',
      'f93c00',
      'fb3ff0000000000000',
      '9fff',
      'f7',
      'd82a01',
    ]) {
      for (let i = 0; i < whole.length; i++) {
        const changed = Buffer.concat([whole.subarray(0, i), Buffer.from(put, 'hex'), whole.subarray(i + 1)]);
        expectSameFrame(new Uint8Array(changed));
      }
    }
    const swapped = Buffer.concat([whole.subarray(0, 1), Buffer.from('6473616c7450', 'hex'), whole.subarray(4)]);
    expectSameFrame(new Uint8Array(swapped));
  });
});
