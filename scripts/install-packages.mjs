import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveUp, root, run, say } from './terminal.mjs';

const stamp = join(root, 'node_modules', '.gridpact-setup.json');

/** Installs what the lockfile names, when it is not what was installed last. */
export function installPackages() {
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const installed = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')).hash : undefined;
  if (installed === hash) return;
  say(installed ? 'the lockfile changed' : 'first run: packages are missing (about 1.3 GB, a minute or more)');
  const common = ['--no-audit', '--no-fund', '--loglevel=error'];
  const tries = [['ci'], ['ci', '--prefer-online']];
  if (!tries.some((args) => run('install', 'npm', [...args, ...common]))) {
    giveUp('npm ci failed twice. Check the network or the registry (npm config get registry), then run this again.');
  }
  mkdirSync(join(root, 'node_modules'), { recursive: true });
  writeFileSync(stamp, JSON.stringify({ hash }));
}
