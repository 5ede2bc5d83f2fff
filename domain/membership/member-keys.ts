import * as z from 'zod';
import { addressSchema, memberIdOf, memberSchema, signatureSchema } from '../ids.ts';
import { rolesSchema } from './founding.ts';
import { sealedFieldsSchema } from './private-fields.ts';
import { actDigest, type RecoverSigner } from './typed-data.ts';

export const addBody = z.strictObject({
  member: memberSchema,
  private: sealedFieldsSchema,
  roles: rolesSchema.min(1),
  address: addressSchema,
  /** Proof that the new key exists: EIP-712 MemberKey, number 0. */
  keySig: signatureSchema,
});
export const keyBody = z.strictObject({
  member: memberSchema,
  address: addressSchema,
  number: z.int().min(1),
  /** By the key before: EIP-712 KeyRotation. */
  sig: signatureSchema,
  /** By the new key: EIP-712 MemberKey. */
  keySig: signatureSchema,
});

const keyValue = (village: string, b: { member: string; address: string }, number: number) => ({
  village: `0x${village}`,
  member: b.member,
  key: b.address,
  number,
});

/** What is wrong with a new member's key, by itself: whoever admits them, the key must have signed. */
export function newMemberFault(
  village: string,
  b: z.infer<typeof addBody>,
  recover: RecoverSigner,
): string | undefined {
  if (b.member !== memberIdOf(b.address)) return 'the member id does not belong to the key';
  const signer = recover(actDigest('MemberKey', keyValue(village, b, 0)), b.keySig);
  return signer === b.address ? undefined : 'the new key did not sign';
}

/** What is wrong with a change of keys. `isBefore` says whether an address is the key that hands over. */
export function rotationFault(
  village: string,
  b: z.infer<typeof keyBody>,
  recover: RecoverSigner,
  isBefore: (address: string) => boolean,
): string | undefined {
  const before = recover(rotationDigest(village, b), b.sig);
  if (before === undefined || !isBefore(before)) return 'the key before did not sign';
  const made = recover(actDigest('MemberKey', keyValue(village, b, b.number)), b.keySig);
  return made === b.address ? undefined : 'the new key did not sign';
}

/** What the key before signs when it hands over. */
export const rotationDigest = (village: string, b: { member: string; address: string; number: number }): string =>
  actDigest('KeyRotation', keyValue(village, b, b.number));
