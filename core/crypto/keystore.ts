import { randomBytes } from 'node:crypto';
import { computeAddress, HDNodeWallet, Mnemonic, SigningKey } from 'ethers';
import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import type { ConsoleStore } from '#core/storage/console-store.ts';
import { decode, encode, fromHex, utf8 } from '#domain/bytes.ts';
import { openBytes, sealBytes } from './aead.ts';
import { type DataKey, derive } from './data-key.ts';

/** A member's signing key while it is in memory for one act. */
export interface MemberKey {
  /** Lower-case 0x address. */
  readonly address: string;
  /** EIP-2098 compact signature, 0x and 128 hex. */
  sign(digest: string): string;
}

/** A new key, encrypted under its PIN and not yet kept. */
export interface MadeKey {
  readonly key: MemberKey;
  /** Keeps it as the member's key. */
  store(member: string, village?: string): void;
  /** Keeps it beside the present one, for {@link Keystore.promote}: a crash between the two loses neither. */
  storeNext(member: string): void;
}

/** Member keys, each under its own PIN, inside the data key. The private key is in memory only while it signs. */
export interface Keystore {
  /** Makes a key with paper words. The words are not kept. */
  create(pin: string): Promise<MadeKey & { readonly words: string[] }>;
  fromWords(words: string, pin: string): Promise<MadeKey>;
  /** Puts the key that was kept as a member's next one in place, once the books have it. */
  promote(member: string, address: string): void;
  /** Errors: NO_KEY_HERE, WRONG_PIN (with tries left), PIN_LOCKED (with minutes). */
  unlock(member: string, pin: string): Promise<MemberKey>;
  has(member: string): boolean;
}

const LOG_N = 15;
const TRIES = 5;
const LOCK_MS = 15 * 60_000;
const bytes = z.instanceof(Uint8Array);
const stored = z.strictObject({ v: z.literal(1), salt: bytes, iv: bytes, box: bytes, logN: z.int().min(10).max(20) });

const keyOf = (privateKey: string): MemberKey => {
  const signing = new SigningKey(privateKey);
  return { address: computeAddress(signing).toLowerCase(), sign: (digest) => signing.sign(digest).compactSerialized };
};

export function createKeystore(store: ConsoleStore, village: string, dataKey: DataKey, now: () => number): Keystore {
  const label = (member: string, of = village): string => `member-key|${of}|${member}`;
  const nextLabel = (member: string, address: string): string => `member-key-next|${village}|${member}|${address}`;
  const prepare = async (privateKey: string, pin: string) => {
    const salt = new Uint8Array(randomBytes(16));
    const sealed = sealBytes(await derive(pin, salt, LOG_N), fromHex(privateKey), utf8('member key'));
    const blob = encode({ v: 1, salt, logN: LOG_N, ...sealed });
    return (under: string) => store.putSecret(under, dataKey.seal(under, blob));
  };
  const fromMnemonic = async (mnemonic: Mnemonic, pin: string) => {
    const { privateKey } = HDNodeWallet.fromMnemonic(mnemonic);
    const key = keyOf(privateKey);
    const put = await prepare(privateKey, pin);
    return {
      key,
      store(member: string, of?: string) {
        put(label(member, of));
        // The tries were at another PIN.
        store.setPinTries(label(member, of), { count: 0, lastMs: 0 });
      },
      storeNext: (member: string) => put(nextLabel(member, key.address)),
    };
  };
  return {
    async create(pin) {
      const mnemonic = Mnemonic.fromEntropy(new Uint8Array(randomBytes(16)));
      const made = await fromMnemonic(mnemonic, pin);
      return { ...made, words: mnemonic.phrase.split(' ') };
    },
    async fromWords(words, pin) {
      const phrase = words.trim().toLowerCase().split(/\s+/).join(' ');
      if (!Mnemonic.isValidMnemonic(phrase)) {
        throw new AppError(
          'BAD_WORDS',
          'These are not the twelve paper words: a word is misspelt, missing or out of order.',
        );
      }
      return fromMnemonic(Mnemonic.fromPhrase(phrase), pin);
    },
    async unlock(member, pin) {
      const blob = store.getSecret(label(member));
      if (!blob) throw new AppError('NO_KEY_HERE', 'The key of this member is not on this console.');
      const tries = store.pinTries(label(member));
      if (tries.count >= TRIES && now() < tries.lastMs + LOCK_MS) {
        const minutes = Math.ceil((tries.lastMs + LOCK_MS - now()) / 60_000);
        throw new AppError('PIN_LOCKED', `Too many wrong PINs. Wait ${minutes} minutes.`, { data: { minutes } });
      }
      const { salt, logN, ...sealed } = stored.parse(decode(dataKey.open(label(member), blob)));
      // Counted before the PIN is tried: pulling the plug does not buy another try.
      const count = tries.count >= TRIES ? 1 : tries.count + 1;
      store.setPinTries(label(member), { count, lastMs: now() });
      const raw = openBytes(await derive(pin, salt, logN), sealed, utf8('member key'));
      if (!raw) {
        const left = TRIES - count;
        throw new AppError('WRONG_PIN', `The PIN is wrong. ${left} tries left.`, { data: { left } });
      }
      store.setPinTries(label(member), { count: 0, lastMs: 0 });
      return keyOf(`0x${Buffer.from(raw).toString('hex')}`);
    },
    promote(member, address) {
      const next = nextLabel(member, address);
      const sealed = store.getSecret(next);
      if (!sealed) return;
      const blob = dataKey.open(next, sealed);
      store.transaction(() => {
        store.putSecret(label(member), dataKey.seal(label(member), blob));
        store.removeSecret(next);
        store.setPinTries(label(member), { count: 0, lastMs: 0 });
      });
    },
    has: (member) => store.getSecret(label(member)) !== undefined,
  };
}
