import * as z from 'zod';
import type { Console, OpenVillage } from '#core/console.ts';
import { deviceKeysFrom, newSeed } from '#core/crypto/device-keys.ts';
import { createKeystore } from '#core/crypto/keystore.ts';
import { AppError } from '#core/ports/errors.ts';
import { decode, encode } from '#domain/bytes.ts';
import { bytesOf, memberSchema, textSchema, villageSchema } from '#domain/ids.ts';
import { grantDigest } from '#domain/membership/grants.ts';
import { keepFirstRecord } from './first-record.ts';
import { putSecrets } from './founding.ts';
import { addressesFor } from './invitations.ts';

export const PASS_PREFIX = 'gridpact-console:';
const MAX_TEXT = 8192;
const schema = z.strictObject({
  v: z.literal(1),
  village: villageSchema,
  villageName: textSchema(80),
  member: memberSchema,
  name: textSchema(80),
  psk: bytesOf(32),
  addresses: z.array(z.string().max(400)).max(16),
});
type ConsolePass = z.infer<typeof schema>;

/** What a member carries to a second console of theirs: the way into the network, no key. The paper words do the rest. */
export function makePass({ village }: OpenVillage): string {
  const { member } = village.row;
  const pass: ConsolePass = {
    v: 1,
    village: village.id,
    villageName: village.row.name,
    member,
    name: village.revealed().members.get(member)?.name ?? '?',
    psk: village.network.newestKey(),
    addresses: addressesFor(village),
  };
  return PASS_PREFIX + Buffer.from(encode(pass)).toString('base64url');
}

/** Errors: BAD_INVITATION with what is wrong with it. */
export function readPass(text: string): ConsolePass {
  const bad = (why: string) =>
    new AppError('BAD_INVITATION', `This is not the text of a Gridpact console: ${why}. Show it again.`);
  const body = text.replace(/\s+/g, '');
  if (body.length > MAX_TEXT || !body.startsWith(PASS_PREFIX)) throw bad(`it must begin with ${PASS_PREFIX}`);
  try {
    return schema.parse(decode(new Uint8Array(Buffer.from(body.slice(PASS_PREFIX.length), 'base64url'))));
  } catch {
    throw bad('a part of it is missing or was changed');
  }
}

/**
 * Makes this console one more device of a member: their paper words sign its grant, which goes into the books with the
 * first sync. Errors: BAD_INVITATION, BAD_WORDS, BAD_INPUT (the village is here already).
 */
export async function addConsole(
  console: Console,
  input: { readonly text: string; readonly words: string; readonly pin: string },
): Promise<OpenVillage> {
  const { village, villageName, member, psk, addresses } = readPass(input.text);
  const nowMs = console.options.clock.now();
  if (console.open.has(village)) throw new AppError('BAD_INPUT', `This console already holds ${villageName}.`);
  const keys = deviceKeysFrom(newSeed());
  const made = await createKeystore(console.store, village, console.dataKey, () => nowMs).fromWords(
    input.words,
    input.pin,
  );
  const unsigned = { member, device: keys.id, box: keys.box, grantedMs: nowMs };
  const grant = { ...unsigned, sig: made.key.sign(grantDigest(village, unsigned)) };
  const row = { id: village, name: villageName, member, device: keys.id, how: 'joined' as const };
  console.store.transaction(() => {
    putSecrets(console, village, keys.seed, psk);
    made.store(member, village);
    keepFirstRecord(console, village, { kind: 'device.grant', body: { grant } });
    console.store.addVillage(row, nowMs);
  });
  const open = await console.openRow(row);
  for (const a of addresses) await open.village.node.dial(a).catch(() => undefined);
  return open;
}
