import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SigningKey, Wallet } from 'ethers';
import { AppError } from '#core/ports/errors.ts';
import { writeDurably } from './durable-file.ts';

/** Where the key that pays for transactions lies. It holds no right in the ledger: only operators' signatures do. */
export interface SubmitterKeyStore {
  load(): Promise<Uint8Array | undefined>;
  save(key: Uint8Array): Promise<void>;
}

const isMissing = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** The key as hex in a file that only the owner can read. */
export function createFileKeyStore(dir: string): SubmitterKeyStore {
  const path = join(dir, 'submitter.key');
  return {
    async load() {
      try {
        return Buffer.from((await readFile(path, 'utf8')).trim(), 'hex');
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },
    save: (key) => writeDurably(path, `${Buffer.from(key).toString('hex')}\n`),
  };
}

/** The submitter's wallet; made on first use, the same ever after. */
export async function loadSubmitter(store: SubmitterKeyStore): Promise<Wallet> {
  const stored = await store.load();
  const key = stored ?? randomBytes(32);
  try {
    const wallet = new Wallet(new SigningKey(key));
    if (!stored) await store.save(key);
    return wallet;
  } catch (cause) {
    if (!stored) throw cause;
    throw new AppError('CHAIN_MISMATCH', 'The stored submitter key is not a secp256k1 key. Restore it from a backup.', {
      cause,
    });
  }
}
