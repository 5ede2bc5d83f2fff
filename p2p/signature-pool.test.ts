import { expect, test } from 'vitest';
import { createSigner } from './ed25519.ts';
import type { Signed } from './signature-batch.ts';
import { verifySignatures } from './signature-pool.ts';

const author = createSigner(new Uint8Array(32).fill(1));
const other = createSigner(new Uint8Array(32).fill(2));

function signed(i: number): { readonly asked: Signed; readonly isValid: boolean } {
  const message = Uint8Array.from({ length: 1 + (i % 300) }, (_, at) => at + i);
  const asked = { sig: author.sign(message), publicKey: author.publicKey, message };
  switch (i % 6) {
    case 1:
      return { asked: { ...asked, message: Uint8Array.from([...message, 0]) }, isValid: false };
    case 2:
      return { asked: { ...asked, sig: asked.sig.subarray(0, 63) }, isValid: false };
    case 3:
      return { asked: { ...asked, publicKey: other.publicKey }, isValid: false };
    case 4:
      return { asked: { ...asked, publicKey: 'no key' }, isValid: false };
    default:
      return { asked, isValid: true };
  }
}

test.each([0, 1, 500])(
  'of %i signatures checked at once each has its own verdict, whatever is malformed',
  async (n) => {
    const cases = Array.from({ length: n }, (_, i) => signed(i));
    expect(await verifySignatures(cases.map(({ asked }) => asked))).toEqual(cases.map(({ isValid }) => isValid));
  },
);
