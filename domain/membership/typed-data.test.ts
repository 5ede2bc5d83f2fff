import { TypedDataEncoder } from 'ethers';
import { describe, expect, test } from 'vitest';
import { ACT_TYPES, type Act, actDigest, GRIDPACT_DOMAIN } from './typed-data.ts';

const values: Readonly<Record<string, unknown>> = {
  bytes32: `0x${'ab'.repeat(32)}`,
  string: 'Asha',
  uint32: 7,
  uint64: 1_325_376_000_000,
  address: `0x${'cd'.repeat(20)}`,
};
const acts = Object.keys(ACT_TYPES) as Act[];
const sample = (act: Act) => Object.fromEntries(ACT_TYPES[act].map((f) => [f.name, values[f.type]]));

describe('the digest of an act', () => {
  test.each(acts)('is the EIP-712 hash of %s in the domain of Gridpact, without a chain id (formats 8)', (act) => {
    const expected = TypedDataEncoder.hash(GRIDPACT_DOMAIN, { [act]: [...ACT_TYPES[act]] }, sample(act));
    expect(actDigest(act, sample(act))).toBe(expected);
    expect(Object.keys(GRIDPACT_DOMAIN)).toEqual(['name', 'version']);
  });

  test.each(acts)('is bound to the village for %s (formats 8)', (act) => {
    expect(ACT_TYPES[act][0]).toEqual({ name: 'village', type: 'bytes32' });
    expect(actDigest(act, { ...sample(act), village: `0x${'ac'.repeat(32)}` })).not.toBe(actDigest(act, sample(act)));
  });

  test('differs between acts that say the same', () => {
    expect(actDigest('MemberKey', sample('MemberKey'))).not.toBe(actDigest('KeyRotation', sample('KeyRotation')));
  });
});
