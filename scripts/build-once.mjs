import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, giveUp, root, run } from './terminal.mjs';

const BUILT_FROM =
  /^(domain|api|core|p2p|contracts|meter-drivers|main|renderer)\/|^(vite|lingui)\.config|^package(-lock)?\.json$/;
const stamp = join(root, 'dist', '.built-from');

/** Builds the console and its hosts when a source changed since the last build. */
export function buildOnce({ node, env }) {
  const hash = hashSources();
  if (hash !== undefined && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  const vite = join(root, 'node_modules/vite/bin/vite.js');
  if (!run('build', node, [vite, 'build', '--logLevel', 'warn'], { env })) {
    giveUp('the build failed; its own message is above.');
  }
  mkdirSync(join(root, 'dist'), { recursive: true });
  if (hash !== undefined) writeFileSync(stamp, hash);
}

/** Of the files git knows or would add; undefined without git, and then every run builds. */
function hashSources() {
  const listed = capture('git', ['ls-files', '-co', '--exclude-standard']);
  if (listed === undefined) return undefined;
  const hash = createHash('sha256');
  const files = listed.split('\n').filter((file) => BUILT_FROM.test(file) && !/\.test\.tsx?$/.test(file));
  for (const file of files.sort()) {
    const path = join(root, file);
    if (existsSync(path)) hash.update(`${file}\0`).update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}
