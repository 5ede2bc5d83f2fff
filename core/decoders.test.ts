import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { encode } from '#domain/bytes.ts';
import { announcedIn, kindOfBlock, viewEntry } from './bundles/entry-view.ts';
import { readManifest } from './bundles/manifest.ts';
import { AppError } from './ports/errors.ts';
import { readPass } from './villages/console-pass.ts';
import { readInvitation } from './villages/invitations.ts';

const KEYS = ['v', 'village', 'villageName', 'name', 'psk', 'secret', 'certificate', 'addresses', 'device', 'member'];
const raw = fc.uint8Array({ maxLength: 3000 });
const cbor = fc
  .oneof(
    fc.object({ key: fc.constantFrom(...KEYS, 'id', 'payload', 'have', 'wants', 'made', 'sig'), maxDepth: 3 }),
    fc.anything({ maxDepth: 3 }),
  )
  .map((value) => {
    try {
      return encode(value);
    } catch {
      return new Uint8Array();
    }
  });
const bytes = fc.oneof(raw, cbor);
const textAfter = (prefix: string) =>
  fc.oneof(
    fc.string({ maxLength: 10_000 }),
    bytes.map((b) => `${prefix}${Buffer.from(b).toString('base64url')}`),
  );

test.each([
  ['an invitation', 'gridpact-invitation:', readInvitation],
  ['a pass for a second console', 'gridpact-console:', readPass],
] as const)('any text in place of %s is refused in words, never otherwise', (_what, prefix, read) => {
  const known = /must begin with (\S+)/.exec(refusalOf(() => read('x')))?.[1] ?? prefix;
  fc.assert(fc.property(textAfter(known), (text) => refusalOf(() => read(text)).length > 10));
});

function refusalOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError && error.code === 'BAD_INVITATION') return error.message;
    throw error;
  }
  throw new Error('it was accepted');
}

test('what a bundle holds is read or refused without a throw, whatever the bytes', () => {
  fc.assert(
    fc.property(bytes, (b) => {
      expect(readManifest(b)).toMatchObject({ ok: false });
      expect(typeof kindOfBlock(b).kind).toBe('string');
      expect(announcedIn(viewEntry(b))).toEqual([]);
    }),
  );
});
