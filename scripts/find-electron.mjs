import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { capture, root, say } from './terminal.mjs';

const FETCH_LIMIT_MS = 120_000;
const EXECUTABLES = {
  linux: 'electron',
  win32: 'electron.exe',
  darwin: 'Electron.app/Contents/MacOS/Electron',
};

/** The Electron program for a desktop with a screen; undefined where the browser has to do. */
export function findElectron({ node }) {
  if (!canShowWindows()) return undefined;
  const home = join(root, 'node_modules', 'electron');
  const path = join(
    process.env.ELECTRON_OVERRIDE_DIST_PATH ?? join(home, 'dist'),
    EXECUTABLES[process.platform] ?? 'electron',
  );
  if (!existsSync(path) && !process.env.CI) fetchRuntime(node, home);
  return existsSync(path) ? path : undefined;
}

/** Electron does not run as root on Linux with its sandbox on, and we never turn that off. */
function canShowWindows() {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY) && process.getuid?.() !== 0;
}

/** Tried once for each version: where there is no way to it, every later start would wait in vain. */
function fetchRuntime(node, home) {
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'));
  const tried = join(root, '.setup', `electron-${version}-tried`);
  if (existsSync(tried)) return;
  say('fetching the Electron runtime (once; without it the console opens in the browser)');
  mkdirSync(join(root, '.setup'), { recursive: true });
  writeFileSync(tried, new Date().toISOString());
  capture(node, [join(home, 'install.js')], { timeoutMs: FETCH_LIMIT_MS });
}
