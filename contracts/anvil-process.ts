import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import * as z from 'zod';
import { AppError } from '#core/ports/errors.ts';
import { writeDurably } from './durable-file.ts';
import { findFoundryBinary } from './foundry-binary.ts';

const LISTENING = /Listening on (127\.0\.0\.1:\d+)/;
const STOP_POLL_MS = 25;
const STOP_PATIENCE_POLLS = 200;
const KEPT_OUTPUT_CHARS = 4000;
/** Becomes anvil, and leaves behind a reader that ends it when our end of stdin closes, however we died. */
const GUARD = 'exec 3<&0; { read -r _ <&3 || kill -TERM $$; } >/dev/null 2>&1 & exec 3<&-; exec "$0" "$@" </dev/null';

/** Path of the anvil binary that npm brought for this platform; throws CHAIN_UNAVAILABLE where there is none. */
export function findAnvil(platform: string = process.platform, arch: string = process.arch): string {
  const path = findFoundryBinary('anvil', platform, arch);
  if (path !== undefined) return path;
  throw new AppError(
    'CHAIN_UNAVAILABLE',
    `This computer (${platform} ${arch}) has no built-in chain. Name the address of a JSON-RPC chain in the settings, or found the village on a Linux x64 computer.`,
    { data: { platform, arch } },
  );
}

const recordSchema = z.object({ pid: z.number(), born: z.string(), owner: z.number(), ownerBorn: z.string() });

/** When a process started, in clock ticks since boot; a number may be reused, this pair is not. Empty where /proc is absent. */
function bornAt(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in parentheses may hold spaces; state is field 3, start time field 22 (proc(5)).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return process.platform === 'linux' ? undefined : '';
  }
}
const runs = (pid: number, born: string): boolean => born !== '' && bornAt(pid) === born;

async function endProcess(pid: number, born: string): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (runs(pid, born)) process.kill(pid, signal);
    for (let i = 0; i < STOP_PATIENCE_POLLS && runs(pid, born); i++) await delay(STOP_POLL_MS);
  }
}

async function readRecord(pidFile: string): Promise<z.infer<typeof recordSchema> | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(pidFile, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Ends the anvil of a process that died; refuses when that process is alive. */
export async function endStaleAnvil(pidFile: string): Promise<void> {
  const record = await readRecord(pidFile);
  if (record && runs(record.pid, record.born)) {
    if (record.owner !== process.pid && runs(record.owner, record.ownerBorn))
      throw new AppError(
        'CHAIN_BUSY',
        `The built-in chain of this village is in use by process ${record.owner}. Close it, then try again.`,
        { retryable: true, data: { pid: record.owner } },
      );
    await endProcess(record.pid, record.born);
  }
  await rm(pidFile, { force: true });
}

export interface AnvilProcess {
  readonly url: string;
  readonly exited: boolean;
  /** Lets anvil write its state and waits for its end. */
  stop(): Promise<void>;
}

function awaitListening(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-KEPT_OUTPUT_CHARS);
      const address = LISTENING.exec(output)?.[1];
      if (address) resolve(`http://${address}`);
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('error', reject);
    child.once('exit', () => reject(new Error(output.trim() || 'anvil ended without a word')));
  });
}

/** Starts anvil on a free loopback port; resolves when it listens. Its life ends with ours. */
export async function startAnvil(args: readonly string[], pidFile: string): Promise<AnvilProcess> {
  const binary = findAnvil();
  await endStaleAnvil(pidFile);
  const guarded = process.platform !== 'win32';
  const child = guarded
    ? spawn('/bin/sh', ['-c', GUARD, binary, ...args], { stdio: 'pipe' })
    : spawn(binary, args, { stdio: 'pipe' });
  let exited = false;
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
  });
  child.once('exit', () => {
    exited = true;
    child.stdin.end('\n');
  });
  child.stdin.on('error', () => undefined);
  const listening = awaitListening(child);
  const pid = child.pid;
  if (pid !== undefined)
    await writeDurably(
      pidFile,
      JSON.stringify({ pid, born: bornAt(pid) ?? '', owner: process.pid, ownerBorn: bornAt(process.pid) ?? '' }),
    );
  const url = await listening.catch((cause: unknown) => {
    throw new AppError('CHAIN_UNAVAILABLE', `The built-in chain does not start: ${String(cause)}`, { cause });
  });
  return {
    url,
    get exited() {
      return exited;
    },
    async stop() {
      if (!exited && pid !== undefined) {
        child.kill('SIGTERM');
        const patience = setTimeout(() => child.kill('SIGKILL'), STOP_POLL_MS * STOP_PATIENCE_POLLS);
        await ended;
        clearTimeout(patience);
      }
      await rm(pidFile, { force: true });
    },
  };
}
