import { createPrivateKey, createPublicKey, randomBytes, sign } from 'node:crypto';
import * as z from 'zod';
import type { Console, OpenVillage } from '#core/console.ts';
import { deviceKeysFrom, newSeed } from '#core/crypto/device-keys.ts';
import { createKeystore, type MemberKey } from '#core/crypto/keystore.ts';
import { AppError } from '#core/ports/errors.ts';
import { createAudienceKeys } from '#core/village/audience-keys.ts';
import { openKeyRing } from '#core/village/key-ring.ts';
import type { Village } from '#core/village/open-village.ts';
import { sealFields } from '#core/village/private-parts.ts';
import { decode, encode, toHex } from '#domain/bytes.ts';
import { bytesOf, deviceSchema, memberIdOf, textSchema, villageSchema } from '#domain/ids.ts';
import { MEMBERS } from '#domain/membership/audiences.ts';
import { certificateDigest, certificateSchema, grantDigest, joinMessage } from '#domain/membership/grants.ts';
import type { Role } from '#domain/membership/roles.ts';
import { emptyState } from '#domain/village/state.ts';
import { keepFirstRecord } from './first-record.ts';
import { putSecrets } from './founding.ts';

const PREFIX = 'gridpact-invitation:';
const MAX_TEXT = 8192;
const schema = z.strictObject({
  v: z.literal(1),
  village: villageSchema,
  villageName: textSchema(80),
  invitedBy: textSchema(80),
  /** Whom the coordinator has in mind: it leaves with the invitation and never enters the books. */
  name: textSchema(80),
  psk: bytesOf(32),
  /** Seed of the one-time invite key. */
  secret: bytesOf(32),
  certificate: certificateSchema,
  addresses: z.array(z.string().max(400)).max(16),
  device: deviceSchema,
});
export type Invitation = z.infer<typeof schema>;

/** Reads an invitation text. Errors: BAD_INVITATION with what is wrong with it. */
export function readInvitation(text: string): Invitation {
  const bad = (why: string) =>
    new AppError('BAD_INVITATION', `This is not a Gridpact invitation: ${why}. Ask for it again.`);
  const body = text.replace(/\s+/g, '');
  if (body.length > MAX_TEXT || !body.startsWith(PREFIX)) throw bad(`it must begin with ${PREFIX}`);
  try {
    return schema.parse(decode(new Uint8Array(Buffer.from(body.slice(PREFIX.length), 'base64url'))));
  } catch {
    throw bad('a part of it is missing or was changed');
  }
}

const inviteKey = (seed: Uint8Array) =>
  createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });

/** Where somebody who is not of the village yet may reach it: the meeting point first, as it is there for all. */
export const addressesFor = ({ network, node }: Village): string[] =>
  [...new Set([network.meetingPoint() ?? [], ...node.addresses()].flat())].slice(0, 8);

/** A coordinator's invitation: who holds the text may join once as this name with these roles until it expires. */
export function makeInvitation(
  open: OpenVillage,
  key: MemberKey,
  input: { readonly name: string; readonly roles: readonly Role[]; readonly expiresMs: number },
): string {
  const { village } = open;
  const state = village.revealed();
  const secret = new Uint8Array(randomBytes(32));
  const invite = toHex(
    new Uint8Array(createPublicKey(inviteKey(secret)).export({ format: 'der', type: 'spki' }).subarray(-32)),
  );
  const unsigned = {
    invite,
    roles: [...input.roles],
    expiresMs: input.expiresMs,
    issuer: village.row.member,
  };
  const invitation: Invitation = {
    v: 1,
    village: village.id,
    villageName: village.row.name,
    name: input.name,
    invitedBy: state.members.get(village.row.member)?.name ?? '?',
    psk: village.network.newestKey(),
    secret,
    certificate: { ...unsigned, sig: key.sign(certificateDigest(village.id, unsigned)) },
    addresses: addressesFor(village),
    device: village.keys.id,
  };
  return PREFIX + Buffer.from(encode(invitation)).toString('base64url');
}

/** Joins a village: makes the member's key and this device's, writes the join record, and dials who invited. */
export async function joinVillage(
  console: Console,
  input: { readonly text: string; readonly name: string; readonly pin: string },
) {
  const invitation = readInvitation(input.text);
  const nowMs = console.options.clock.now();
  if (nowMs > invitation.certificate.expiresMs) {
    throw new AppError('INVITATION_EXPIRED', 'The invitation has expired. Ask for a new one.', {
      data: { expiresMs: invitation.certificate.expiresMs },
    });
  }
  const village = invitation.village;
  if (console.open.has(village))
    throw new AppError('BAD_INPUT', `This console already holds ${invitation.villageName}.`);
  const keys = deviceKeysFrom(newSeed());
  const made = await createKeystore(console.store, village, console.dataKey, () => nowMs).create(input.pin);
  const { address } = made.key;
  const member = memberIdOf(address);
  const unsigned = { member, device: keys.id, box: keys.box, grantedMs: nowMs };
  const ring = openKeyRing(console.store, console.dataKey, village, keys.id);
  const membersKey = createAudienceKeys(ring, keys).current(emptyState(village), MEMBERS, nowMs);
  const body = {
    member,
    private: sealFields(village, 'member', member, { name: input.name, phone: null, note: null }, membersKey),
    address,
    certificate: invitation.certificate,
    inviteSig: new Uint8Array(sign(null, joinMessage(village, member, address, keys.id), inviteKey(invitation.secret))),
    grant: { ...unsigned, sig: made.key.sign(grantDigest(village, unsigned)) },
  };
  const row = { id: village, name: invitation.villageName, member, device: keys.id, how: 'joined' as const };
  console.store.transaction(() => {
    putSecrets(console, village, keys.seed, invitation.psk);
    made.store(member, village);
    keepFirstRecord(console, village, { kind: 'member.join', body });
    console.store.addVillage(row, nowMs);
  });
  const open = await console.openRow(row);
  for (const a of invitation.addresses) await open.village.node.dial(a).catch(() => undefined);
  return { open, words: made.words };
}
