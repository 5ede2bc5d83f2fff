import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { capture, giveUp, root, run, say } from './terminal.mjs';

/** Debian packages the tests use: a browser, hosts of their own, real Modbus counterparts, a software TPM, and letters for the second language. */
const DEBIAN_PACKAGES = [
  'chromium',
  'iproute2',
  'mbpoll',
  'python3-pymodbus',
  'swtpm',
  'tpm2-tools',
  'fonts-noto-core',
];
const CHROMIUM_NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Fetches what the tests need beside the packages; answers the path of Chromium. */
export function fetchTestTools({ node, env }) {
  const missing = DEBIAN_PACKAGES.filter((name) => !isThere(name, node));
  if (missing.length > 0 && existsSync('/etc/debian_version') && process.getuid?.() === 0) installDebian(missing);
  else if (missing.length > 0) {
    say(`NOT INSTALLED HERE, and tests that need them will say so: ${missing.join(', ')}`);
  }
  const chromium = findChromium(node) ?? downloadChromium({ node, env });
  if (!chromium) giveUp('no Chromium. Install it (Debian: apt-get install chromium) or set GRIDPACT_CHROMIUM.');
  say(`Chromium: ${chromium}`);
  return chromium;
}

function isThere(name, node) {
  if (name === 'chromium') return findChromium(node) !== undefined;
  return (capture('dpkg', ['-s', name]) ?? '').includes('Status: install ok installed');
}

function installDebian(names) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if (!run('apt', 'apt-get', ['update', '-qq'], { env })) return;
  if (run('apt', 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...names], { env })) return;
  // one name that this Debian does not know must not cost the others
  for (const name of names) run('apt', 'apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { env });
}

function findChromium(node) {
  if (process.env.GRIDPACT_CHROMIUM) return process.env.GRIDPACT_CHROMIUM;
  for (const dir of (process.env.PATH ?? '').split(delimiter).filter(Boolean)) {
    for (const path of CHROMIUM_NAMES.map((name) => join(dir, name))) {
      if (existsSync(path) && statSync(path).isFile()) return path;
    }
  }
  const own = capture(node, ['-p', "require('playwright-core').chromium.executablePath()"])?.trim();
  return own && existsSync(own) ? own : undefined;
}

function downloadChromium({ node, env }) {
  run('playwright', node, [join(root, 'node_modules/playwright-core/cli.js'), 'install', 'chromium'], { env });
  return findChromium(node);
}
