import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { giveUp, root, run, say } from './terminal.mjs';

/** Installs what the lockfile names, when it is not what was installed last. */
export const installPackages = () => install('.', '1.3 GB, a minute or more');

/** Hypercore is only a reference of the bench, and large: it has a package and a lockfile of its own. */
export const installHypercore = () => install('tests/bench/hypercore', '200 MB');

function install(folder, size) {
  const path = join(root, folder);
  const stamp = join(path, 'node_modules', '.gridpact-setup.json');
  const hash = createHash('sha256')
    .update(readFileSync(join(path, 'package-lock.json')))
    .digest('hex');
  const installed = existsSync(stamp) ? JSON.parse(readFileSync(stamp, 'utf8')).hash : undefined;
  if (installed === hash) return;
  const where = folder === '.' ? '' : ` of ${folder}`;
  say(installed ? `the lockfile${where} changed` : `first run: packages${where} are missing (about ${size})`);
  const common = ['--prefix', path, '--no-audit', '--no-fund', '--loglevel=error'];
  const tries = [['ci'], ['ci', '--prefer-online']];
  if (!tries.some((args) => run('install', 'npm', [...args, ...common]))) {
    giveUp('npm ci failed twice. Check the network or the registry (npm config get registry), then run this again.');
  }
  mkdirSync(join(path, 'node_modules'), { recursive: true });
  writeFileSync(stamp, JSON.stringify({ hash }));
}
