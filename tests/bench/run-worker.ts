import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A hang limit, not a measure. */
const HANG_MS = 15 * 60_000;

const folders = new Set<string>();
const removeFolder = (dir: string): void => {
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  folders.delete(dir);
};
process.once('exit', () => folders.forEach(removeFolder));

export interface StartedWorker<Answer> {
  /** The one answer of the worker. */
  readonly answer: Answer;
  /** Lets it end and removes its folder. */
  end(): Promise<void>;
}

export interface WorkerOptions {
  readonly hangMs?: number;
  /** Of Node. */
  readonly flags?: readonly string[];
}

/** Runs workers/<name>.ts in a process and a folder of its own; it stays until it is told to end. */
export async function startWorker<Answer>(
  name: string,
  input: object,
  { hangMs = HANG_MS, flags = [] }: WorkerOptions = {},
): Promise<StartedWorker<Answer>> {
  const dir = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  folders.add(dir);
  const file = fileURLToPath(new URL(`./workers/${name}.ts`, import.meta.url));
  const child = fork(file, [JSON.stringify({ ...input, dir })], {
    execArgv: [...flags],
    // stdout is for the answer of the bench alone
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), hangMs);
  const ended = new Promise<string>((resolve) =>
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`)),
  );
  const end = async (): Promise<void> => {
    if (child.connected) child.disconnect();
    await ended;
    clearTimeout(timer);
    removeFolder(dir);
  };
  const answered = new Promise<Answer>((resolve) => child.once('message', (message) => resolve(message as Answer)));
  const first = await Promise.race([answered.then((answer) => ({ answer })), ended]);
  if (typeof first === 'string') {
    await end();
    throw new Error(`the worker ${name} ended (${first}) before it answered; its own message is above`);
  }
  return { answer: first.answer, end };
}

/** The answer of a worker that has nothing left to do after it. */
export async function runWorker<Answer>(name: string, input: object): Promise<Answer> {
  const worker = await startWorker<Answer>(name, input);
  await worker.end();
  return worker.answer;
}
