import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SafeStorage } from 'electron';
import { AppError } from '#core/ports/errors.ts';
import { dataKeyFile } from '#main/data-dir.ts';
import { writePrivateFile } from '#main/write-private-file.ts';

export type Vault = Pick<
  SafeStorage,
  'isEncryptionAvailable' | 'encryptString' | 'decryptString' | 'getSelectedStorageBackend'
>;

/**
 * The secret that locks keys and private fields at rest, kept by the system's safe storage. Made once, with a new data
 * folder; a folder begun without safe storage stays without. null: nobody holds a key, and the core says so.
 * Throws BAD_INPUT when the system no longer opens what it sealed; nothing is replaced then.
 */
export function openDataKey(dataDir: string, vault: Vault): string | null {
  const file = dataKeyFile(dataDir);
  if (existsSync(file)) return unseal(file, vault);
  const begun = existsSync(join(dataDir, 'core'));
  if (begun || !holdsSecrets(vault)) return null;
  const secret = randomBytes(32).toString('base64url');
  writePrivateFile(file, vault.encryptString(secret).toString('base64'));
  return secret;
}

function unseal(file: string, vault: Vault): string {
  try {
    return vault.decryptString(Buffer.from(readFileSync(file, 'utf8'), 'base64'));
  } catch (error) {
    throw new AppError(
      'BAD_INPUT',
      `The system's safe storage does not open ${file}. Sign in as the user who made it; otherwise recover your key from its paper words in a new data folder.`,
      { cause: error },
    );
  }
}

function holdsSecrets(vault: Vault): boolean {
  if (!vault.isEncryptionAvailable()) return false;
  // on Linux without a key ring the "encryption" uses a password everybody knows
  return process.platform !== 'linux' || vault.getSelectedStorageBackend() !== 'basic_text';
}
