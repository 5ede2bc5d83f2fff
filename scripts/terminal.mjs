// Runs on the host's Node (20 or newer), before anything is installed. Only node: imports in what setup.mjs loads.
import { spawn, spawnSync } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));
export const windows = process.platform === 'win32';

const begun = Date.now();
const seconds = (fromMs) => `${((Date.now() - fromMs) / 1000).toFixed(1)} s`;

let stdout = 1;
/** From here on nothing but the program we become writes to stdout. */
export function speakToStderr() {
  stdout = 2;
}

export const say = (text) => (stdout === 1 ? console.log : console.error)(`[gridpact ${seconds(begun)}] ${text}`);

/** Ends everything: what failed and what to do about it. */
export function giveUp(text) {
  console.error(`\n[gridpact] ${text}`);
  process.exit(1);
}

/** Runs a program to its end with its output shown; tells whether it succeeded. */
export function run(label, command, args, { env = {} } = {}) {
  const startedMs = Date.now();
  say(`${label}: ${[command, ...args].join(' ')}`);
  const done = spawnSync(command, args, {
    cwd: root,
    stdio: ['inherit', stdout, 'inherit'],
    shell: windows,
    env: { ...process.env, ...env },
  });
  const ended = done.error?.message ?? done.signal ?? `exit code ${done.status}`;
  say(`${label}: ${done.status === 0 ? 'done' : `failed (${ended})`} in ${seconds(startedMs)}`);
  return done.status === 0;
}

/** What a program prints, or undefined when it cannot be run or fails. */
export function capture(command, args, { timeoutMs } = {}) {
  const done = spawnSync(command, args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28, timeout: timeoutMs });
  return done.status === 0 ? done.stdout : undefined;
}

/** Hands the terminal over to a program: passes signals on and ends with its exit code. */
export function become(command, args, env, cwd = root) {
  const child = spawn(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...env } });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  // npm hands SIGTERM to its shell only, so watch for our parent's end as well
  const parent = process.ppid;
  setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), 500).unref();
  child.on('error', (error) => giveUp(`${command} could not be started: ${error.message}`));
  child.on('exit', (code) => process.exit(code ?? 1));
}
