import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Where this console keeps everything: GRIDPACT_DATA, or the folder the operating system means for it. */
export function defaultDataDir(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir(),
): string {
  const named = env['GRIDPACT_DATA'];
  if (named) return resolve(named);
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'gridpact');
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'gridpact');
  return join(env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'), 'gridpact');
}

/** The data key as this computer's safe storage wrapped it; only there when the desktop app made this folder. */
export const dataKeyFile = (dataDir: string): string => join(dataDir, 'data-key.sealed');

/** The data key as this machine's TPM wrapped it; where it lies, no --tpm need be given. */
export const tpmFile = (dataDir: string): string => join(dataDir, 'data-key.tpm');
