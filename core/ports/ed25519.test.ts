import { generateKeyPairSync, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { fromHex } from '#domain/bytes.ts';
import { verifyEd25519 } from './ed25519.ts';

/** Order of the group, RFC 8032. */
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const P = 2n ** 255n - 19n;

const pair = generateKeyPairSync('ed25519');
const key = new Uint8Array(pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32));
const signed = (message: Uint8Array): Uint8Array => new Uint8Array(sign(null, message, pair.privateKey));
const littleEndian = (n: bigint): Uint8Array => fromHex(n.toString(16).padStart(64, '0')).reverse();
const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);

test('what a device signs is valid, also without a byte in it, and RFC 8032’s own example is', () => {
  for (const length of [0, 1, 64, 5000]) {
    const message = new Uint8Array(length).fill(7);
    expect(verifyEd25519(signed(message), key, message)).toBe(true);
  }
  const ofRfc = {
    key: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    sig: '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  };
  expect(verifyEd25519(fromHex(ofRfc.sig), fromHex(ofRfc.key), Uint8Array.of(0x72))).toBe(true);
});

test('one signature has one form, and a key that fits any message is none', () => {
  const message = Uint8Array.of(1, 2, 3);
  const sig = signed(message);
  const unreduced = Uint8Array.from([...sig.subarray(0, 32), ...littleEndian(numberOf(sig.subarray(32)) + L)]);
  expect(verifyEd25519(unreduced, key, message)).toBe(false);
  const neutral = littleEndian(1n);
  const forAnything = Uint8Array.from([...neutral, ...littleEndian(0n)]);
  for (const weak of [neutral, littleEndian(P + 1n), littleEndian(P - 1n), littleEndian(0n)])
    expect(verifyEd25519(forAnything, weak, message)).toBe(false);
});

test('whatever else comes from outside is not valid and throws nothing', () => {
  const bytes = fc.uint8Array({ maxLength: 80 });
  fc.assert(fc.property(bytes, bytes, bytes, (sig, publicKey, message) => !verifyEd25519(sig, publicKey, message)));
  const message = Uint8Array.of(9);
  fc.assert(
    fc.property(fc.nat(63), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const changed = signed(message);
      changed[at] = (changed[at] ?? 0) ^ by;
      return !verifyEd25519(changed, key, message);
    }),
  );
});
