import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const CLI = fileURLToPath(new URL('../../main/cli/cli.ts', import.meta.url));
/** A hang limit: a demo that is not over by then is ended, and tells what it waited for. */
const HANG_MS = 150_000;
const LAST_WORDS_MS = 5_000;
const numbers = z.record(z.string(), z.number().nullable());

/** What must come out the same whatever was killed on the way. */
const figuresSchema = z.object({
  readings: z.int(),
  frames: z.int(),
  segments: z.int(),
  recordedHours: z.number(),
  flagged: numbers,
  energyWh: numbers,
  moneyMinor: numbers,
});
export type Figures = z.infer<typeof figuresSchema>;
const resultSchema = z.object({
  ok: z.boolean(),
  stateHashes: z.array(z.string()),
  accountsRoots: z.array(z.string().nullable()),
});

export interface DemoRun {
  readonly code: number | null;
  readonly ok: boolean;
  readonly figures: Figures | undefined;
  readonly narration: string;
  /** `name at step` of each kill, in the order of the narration. */
  readonly killed: readonly string[];
}

export interface DemoKill {
  /** `step[:n][@peer]`, one for each life of a peer; see core/ports/steps.ts. */
  readonly at?: readonly string[];
  /** Called with each line the demo tells, and a folder that holds everything it writes. */
  readonly onLine?: (line: string, demo: { readonly pid: number; readonly dir: string }) => void;
}

const running = new Set<ChildProcess>();
export const endDemos = (): void => {
  for (const child of running) child.kill('SIGTERM');
};

/** Plays two days of the shipped site on three consoles, as `gridpact demo --json` in processes of their own. */
export async function runDemo({ at = [], onLine }: DemoKill, cache: string): Promise<DemoRun> {
  const dir = mkdtempSync(join(tmpdir(), 'crash-'));
  const temp = join(dir, 'temp');
  mkdirSync(temp);
  const child = spawn(process.execPath, [CLI, 'demo', '--json', '--days', '2', '--peers', '3'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      TMPDIR: temp,
      // Five processes a run read the same sources: what V8 made of them is kept between runs.
      NODE_COMPILE_CACHE: cache,
      GRIDPACT_KILL_AT: at.join(' '),
      GRIDPACT_DEMO_LOG: '1',
    },
  });
  const hang = setTimeout(() => {
    child.kill('SIGTERM');
    setTimeout(() => child.kill('SIGKILL'), LAST_WORDS_MS).unref();
  }, HANG_MS);
  running.add(child);
  let [output, narration, partial] = ['', '', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    narration += text;
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) onLine?.(line, { pid: child.pid ?? 0, dir: temp });
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(hang);
  running.delete(child);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  const killed = [...narration.matchAll(/^(\S+) was killed \(SIGKILL( at \S+)\)/gm)].map((m) => `${m[1]}${m[2]}`);
  const result = output === '' ? undefined : resultSchema.loose().parse(JSON.parse(output));
  return { code, ok: result?.ok ?? false, figures: result && figuresSchema.parse(result), narration, killed };
}
