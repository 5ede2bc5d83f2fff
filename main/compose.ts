import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createChainHost } from '#contracts/start-chain-host.ts';
import type { Core, CoreOptions } from '#core/core.ts';
import { AppError } from '#core/ports/errors.ts';
import { startCore } from '#core/start-core.ts';
import { createModbusDriver } from '#meter-drivers/modbus-driver.ts';
import { startVillageNode } from '#p2p/start-village-node.ts';
import { dataKeyFile, tpmFile } from './data-dir.ts';
import { readClock } from './shifted-clock.ts';
import { startPlant } from './start-plant.ts';
import { createTpmVault } from './tpm/tpm-vault.ts';
import { VERSION } from './version.ts';

export interface ComposeOptions
  extends Pick<CoreOptions, 'host' | 'mdns' | 'relay' | 'log' | 'passphrase' | 'passphraseKeeper'> {
  readonly dataDir: string;
  /** Lock a new folder by this machine's TPM; a folder that is locked so is opened so, told or not. */
  readonly tpm?: boolean;
  /** Multiaddrs; without any, every address of this machine on a free port. */
  readonly listen: readonly string[];
}

const LISTEN_EVERYWHERE = ['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0'];

/** Starts the core with the real adapters: what every host of the console runs. */
export async function composeCore(options: ComposeOptions): Promise<Core> {
  return await startCore(composeOptions(options));
}

/** What the core needs of this machine. Errors: NOT_ALLOWED when only the desktop app can open the data. */
export function composeOptions({ dataDir, listen, tpm = false, ...options }: ComposeOptions): CoreOptions {
  const keyFile = dataKeyFile(dataDir);
  if (options.passphrase === undefined && existsSync(keyFile)) {
    throw new AppError(
      'NOT_ALLOWED',
      `The data in ${dataDir} is locked by this computer's safe storage (${keyFile}), which only the desktop app can open. Start the app, or give another --data.`,
    );
  }
  const sealedByTpm = existsSync(tpmFile(dataDir));
  if (options.passphrase !== undefined && sealedByTpm) {
    throw new AppError(
      'BAD_INPUT',
      `The data in ${dataDir} is locked by this machine's TPM (${tpmFile(dataDir)}), not by a passphrase. Start without one.`,
    );
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  return {
    ...options,
    ...(tpm || sealedByTpm ? { vault: createTpmVault(dataDir) } : {}),
    dir: join(dataDir, 'core'),
    version: VERSION,
    clock: readClock(options.log),
    startNode: startVillageNode,
    createChainHost,
    driver: createModbusDriver(),
    startPlant,
    listen: listen.length > 0 ? listen : LISTEN_EVERYWHERE,
  };
}
