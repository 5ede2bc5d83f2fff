import { ed25519 } from '@noble/curves/ed25519.js';
import * as z from 'zod';
import { fromHex, sha256, utf8 } from '../bytes.ts';
import { addressSchema, bytesOf, deviceSchema, memberSchema, msSchema, signatureSchema } from '../ids.ts';
import { foundingSchema, rolesSchema, villageIdOf } from './founding.ts';
import { sealedFieldsSchema } from './private-fields.ts';
import { actDigest, type RecoverSigner } from './typed-data.ts';

/** A member lets a device write in their name. `box` is the device's X25519 key for sealed keys. */
export const grantSchema = z.strictObject({
  member: memberSchema,
  device: deviceSchema,
  box: deviceSchema,
  grantedMs: msSchema,
  sig: signatureSchema,
});
export type DeviceGrant = z.infer<typeof grantSchema>;
export const grantDigest = (village: string, g: Omit<DeviceGrant, 'sig'>): string =>
  actDigest('DeviceGrant', {
    village: `0x${village}`,
    member: g.member,
    device: `0x${g.device}`,
    box: `0x${g.box}`,
    grantedAt: g.grantedMs,
  });

/** A coordinator's promise to admit whoever holds the invite key. */
export const certificateSchema = z.strictObject({
  invite: deviceSchema,
  roles: rolesSchema.min(1),
  expiresMs: msSchema,
  issuer: memberSchema,
  sig: signatureSchema,
});
export type InviteCertificate = z.infer<typeof certificateSchema>;
export const certificateDigest = (village: string, c: Omit<InviteCertificate, 'sig'>): string =>
  actDigest('Invitation', {
    village: `0x${village}`,
    invite: `0x${c.invite}`,
    roles: c.roles.join(','),
    expires: c.expiresMs,
    issuer: c.issuer,
  });

/** What the holder of the invite key signs: this member, this key, this device. */
export const joinMessage = (village: string, member: string, address: string, device: string): Uint8Array =>
  sha256(utf8('gridpact join '), fromHex(village), utf8(member), fromHex(address), fromHex(device));

export const foundBody = z.strictObject({ founding: foundingSchema, grant: grantSchema, private: sealedFieldsSchema });
export const joinBody = z.strictObject({
  member: memberSchema,
  private: sealedFieldsSchema,
  address: addressSchema,
  certificate: certificateSchema,
  inviteSig: bytesOf(64),
  grant: grantSchema,
});
export const deviceGrantBody = z.strictObject({ grant: grantSchema });

/** Address known for a member right now, or at any time before. Used to accept, never to count. */
export type EverKey = (member: string, address: string) => boolean;

export type GrantCheck =
  | { readonly ok: true; readonly device: string; readonly member: string; readonly address: string }
  | { readonly ok: false; readonly wait: boolean; readonly reason: string };

/**
 * Whether a self-certifying record of the members book grants its own device. Depends only on the record and on which
 * keys members ever had, so the answer never turns from yes to no.
 */
export function checkGrant(
  village: string,
  record: { readonly kind: string; readonly device: string; readonly body: unknown },
  everKey: EverKey,
  recover: RecoverSigner,
): GrantCheck {
  const no = (reason: string, wait = false): GrantCheck => ({ ok: false, wait, reason });
  const signedBy = (g: DeviceGrant) => recover(grantDigest(village, g), g.sig);
  if (record.kind === 'village.found') {
    const body = foundBody.safeParse(record.body);
    if (!body.success) return no('unreadable founding record');
    const { founding, grant } = body.data;
    if (villageIdOf(founding) !== village) return no('the founding document belongs to another village');
    if (grant.device !== record.device || grant.member !== founding.founder.member)
      return no('grant for another device');
    if (signedBy(grant) !== founding.founder.address) return no('the device grant is not signed by the founder');
    return { ok: true, device: grant.device, member: grant.member, address: founding.founder.address };
  }
  if (record.kind === 'member.join') {
    const body = joinBody.safeParse(record.body);
    if (!body.success) return no('unreadable join record');
    const { certificate, grant, member, address } = body.data;
    if (grant.device !== record.device || grant.member !== member) return no('grant for another device');
    if (signedBy(grant) !== address) return no('the device grant is not signed by the new member');
    const message = joinMessage(village, member, address, grant.device);
    if (!ed25519.verify(body.data.inviteSig, message, fromHex(certificate.invite)))
      return no('the invitation key did not sign');
    const issuer = recover(certificateDigest(village, certificate), certificate.sig);
    if (!issuer) return no('the invitation is not signed');
    if (!everKey(certificate.issuer, issuer)) return no('the member who invited is not known here yet', true);
    return { ok: true, device: grant.device, member, address };
  }
  if (record.kind === 'device.grant') {
    const body = deviceGrantBody.safeParse(record.body);
    if (!body.success) return no('unreadable device grant');
    const { grant } = body.data;
    const signer = signedBy(grant);
    if (!signer) return no('the device grant is not signed');
    if (!everKey(grant.member, signer)) return no('the member of this device is not known here yet', true);
    return { ok: true, device: grant.device, member: grant.member, address: signer };
  }
  return no('this device was never let in', true);
}
