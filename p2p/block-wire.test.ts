import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CHUNK_BYTES,
  cancelFrame,
  chunkFrame,
  lacksFrame,
  MAX_ANSWER_FRAME,
  MAX_OPEN_WANTS,
  MAX_REQUEST_FRAME,
  readAnswer,
  readRequest,
  wantFrame,
} from './block-wire.ts';
import { createFrameParser } from './frame-parser.ts';

const number = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const numbers = fc.array(number, { minLength: 1, maxLength: MAX_OPEN_WANTS });
const wants = fc.array(fc.record({ number, bytes: number, digest: fc.uint8Array({ minLength: 32, maxLength: 32 }) }), {
  minLength: 1,
  maxLength: MAX_OPEN_WANTS,
});
const bodyOf = (frame: Uint8Array): Uint8Array => {
  const [body, ...more] = createFrameParser().push(frame);
  expect(more).toEqual([]);
  return body ?? new Uint8Array();
};
/** Bodies with every kind of message in front, so that what follows it is reached. */
const body = fc
  .tuple(fc.integer({ min: 0, max: 6 }), fc.uint8Array({ maxLength: 400 }))
  .map(([kind, rest]) => Uint8Array.of(kind, ...rest));

test('requests and answers survive the wire', () => {
  fc.assert(
    fc.property(wants, numbers, fc.uint8Array({ minLength: 1, maxLength: 5000 }), number, (list, some, bytes, one) => {
      expect(readRequest(bodyOf(wantFrame(list)))).toEqual({ t: 'want', wants: list });
      expect(readRequest(bodyOf(cancelFrame(some)))).toEqual({ t: 'cancel', numbers: some });
      expect(readAnswer(bodyOf(lacksFrame(some)))).toEqual({ t: 'lacks', numbers: some });
      const chunk = readAnswer(bodyOf(chunkFrame(one, bytes).subarray()));
      expect(chunk?.t === 'chunk' && [chunk.number, Uint8Array.from(chunk.bytes)]).toEqual([one, bytes]);
    }),
  );
});

test('reading requests and answers never throws, whatever the bytes, and takes nothing over the bounds', () => {
  fc.assert(
    fc.property(body, (bytes) => {
      const request = readRequest(bytes);
      if (request?.t === 'want') expect(request.wants.length * 40).toBe(bytes.length - 1);
      if (request?.t === 'cancel') expect(request.numbers.length * 4).toBe(bytes.length - 1);
      const answer = readAnswer(bytes);
      if (answer?.t === 'chunk') expect(answer.bytes.length).toBe(bytes.length - 5);
      if (answer?.t === 'lacks') expect(answer.numbers.length * 4).toBe(bytes.length - 1);
    }),
    { numRuns: 1000 },
  );
  expect(readRequest(new Uint8Array())).toBeUndefined();
  expect(readAnswer(new Uint8Array())).toBeUndefined();
  expect(readRequest(new Uint8Array(MAX_REQUEST_FRAME + 40).fill(1, 0, 1))).toBeUndefined();
  expect(readAnswer(new Uint8Array(MAX_ANSWER_FRAME + 1).fill(3, 0, 1))).toBeUndefined();
  expect(readAnswer(bodyOf(chunkFrame(1, new Uint8Array(CHUNK_BYTES)).subarray()))?.t).toBe('chunk');
});
