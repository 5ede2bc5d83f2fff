import { createHash, createSecretKey, type KeyObject, randomBytes, type ScryptOptions, scrypt } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import { writeFileDurably } from '#core/storage/write-file-durably.ts';
import { concat, decode, encode, utf8 } from '#domain/bytes.ts';
import { openBytes, sealBytes, sealParts } from './aead.ts';

/** Encrypts what is private at rest: keys, secrets and readings. */
export interface DataKey {
  readonly holder: 'safe-storage' | 'tpm' | 'passphrase' | 'none';
  seal(label: string, plaintext: Uint8Array): Uint8Array;
  /** Throws AppError INTERNAL when the bytes were changed or belong to another label. */
  open(label: string, sealed: Uint8Array): Uint8Array;
}

const bytes = z.instanceof(Uint8Array);
const file = z.strictObject({
  v: z.literal(1),
  holder: z.enum(['safe-storage', 'tpm', 'passphrase', 'none']),
  salt: bytes,
  iv: bytes,
  box: bytes,
  logN: z.int().min(10).max(20),
});

export const derive = (secret: string, salt: Uint8Array, logN: number): Promise<Uint8Array> => {
  const options: ScryptOptions = { N: 2 ** logN, r: 8, p: 1, maxmem: 2 ** logN * 8 * 128 * 2 };
  return new Promise((resolve, reject) => {
    scrypt(secret.normalize('NFKC'), salt, 32, options, (e, key) => (e ? reject(e) : resolve(new Uint8Array(key))));
  });
};

const AAD = utf8('gridpact data key');
const LOG_N = 15;
const DATA_KEY = 'data-key';
const KEEPERS = { 'safe-storage': "this computer's safe storage", tpm: "this machine's TPM" } as const;
const HOW_TO_OPEN = {
  passphrase: 'with a passphrase. Start the gateway with --passphrase-file.',
  'safe-storage': `by ${KEEPERS['safe-storage']}, and its file data-key.sealed is not here. Bring the whole data folder back.`,
  tpm: `by ${KEEPERS.tpm}, and its file data-key.tpm is not here. Bring the whole data folder back.`,
} as const;

/** Whether a data key was made in this folder, so that what wraps it is chosen. */
export const hasDataKey = (dir: string): boolean => existsSync(join(dir, DATA_KEY));

/**
 * Opens the data key of a data directory, or makes it. With a passphrase it is wrapped by scrypt; without one it lies
 * in a file only this user can read, and the console says so.
 * `keeper` says who remembers the passphrase: a person, the computer's safe storage, or its TPM.
 * Errors: BAD_INPUT (wrong or missing passphrase).
 */
export async function openDataKey(
  dir: string,
  passphrase: string | undefined,
  keeper: Exclude<DataKey['holder'], 'none'> = 'passphrase',
): Promise<DataKey> {
  const path = join(dir, DATA_KEY);
  if (!hasDataKey(dir)) {
    const key = new Uint8Array(randomBytes(32));
    const salt = new Uint8Array(randomBytes(16));
    const wrapping = await derive(passphrase ?? '', salt, passphrase === undefined ? 10 : LOG_N);
    const sealed = sealBytes(wrapping, key, AAD);
    const holder = passphrase === undefined ? 'none' : keeper;
    writeFileDurably(path, encode({ v: 1, holder, salt, logN: holder === 'none' ? 10 : LOG_N, ...sealed }));
    return dataKeyOf(key, holder);
  }
  const stored = file.parse(decode(new Uint8Array(readFileSync(path))));
  if (stored.holder !== 'none' && passphrase === undefined) {
    throw new AppError('BAD_INPUT', `The keys in ${dir} are locked ${HOW_TO_OPEN[stored.holder]}`);
  }
  const wrapping = await derive(stored.holder === 'none' ? '' : (passphrase ?? ''), stored.salt, stored.logN);
  const key = openBytes(wrapping, stored, AAD);
  if (!key) {
    const secret = keeper === 'passphrase' ? 'passphrase' : `secret of ${KEEPERS[keeper]}`;
    throw new AppError('BAD_INPUT', `The ${secret} does not open the keys in ${dir}. Nothing was changed.`);
  }
  return dataKeyOf(key, stored.holder);
}

function dataKeyOf(key: Uint8Array, holder: DataKey['holder']): DataKey {
  const of = (label: string): KeyObject =>
    createSecretKey(createHash('sha256').update('gridpact at rest').update(key).update(label).digest());
  const cached = new Map<string, KeyObject>();
  const keyFor = (label: string): KeyObject => {
    let k = cached.get(label);
    if (!k) {
      k = of(label);
      cached.set(label, k);
    }
    return k;
  };
  return {
    holder,
    seal(label, plaintext) {
      const { iv, parts } = sealParts(keyFor(label), plaintext, utf8(label));
      return concat(iv, ...parts);
    },
    open(label, sealed) {
      const plain = openBytes(keyFor(label), { iv: sealed.subarray(0, 12), box: sealed.subarray(12) }, utf8(label));
      if (!plain) throw new AppError('INTERNAL', `What is stored under ${label} does not open: the file was changed.`);
      return plain;
    },
  };
}
