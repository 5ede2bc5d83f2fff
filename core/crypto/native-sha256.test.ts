import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256 } from '#domain/bytes.ts';
import { nativeSha256 } from './native-sha256.ts';

const part = fc.oneof(fc.uint8Array({ maxLength: 80 }), fc.constant(new Uint8Array(100_000).fill(7)));

test('the native hash of parts is the hash of them joined, and stays what it is while others are made', () => {
  const made: [Uint8Array, Uint8Array][] = [];
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
      made.push([nativeSha256(...parts), sha256(...parts)]);
    }),
    { numRuns: 600 },
  );
  for (const [native, plain] of made) expect(native).toEqual(plain);
});
