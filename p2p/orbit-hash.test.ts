import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { base58btc } from 'multiformats/bases/base58';
import { CID } from 'multiformats/cid';
import { create } from 'multiformats/hashes/digest';
import { expect, test } from 'vitest';
import { ORBIT_HASH } from './entry-limits.ts';
import { cidOfOrbitHash, orbitHashOf, toOrbitHash } from './orbit-hash.ts';

test('a block has the name that OrbitDB gives it', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (block) => {
      const cid = CID.createV1(0x71, create(0x12, createHash('sha256').update(block).digest()));
      const name = orbitHashOf(block);
      expect(name).toBe(cid.toString(base58btc));
      expect(name).toMatch(ORBIT_HASH);
      expect(toOrbitHash(cidOfOrbitHash(name))).toBe(name);
    }),
    { numRuns: 2000 },
  );
});
