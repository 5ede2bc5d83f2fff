import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { verifyEd25519 } from '#core/ports/ed25519.ts';
import { keyBytes, packSignatures, type Signed } from './signature-batch.ts';

interface Asked {
  readonly signatures: readonly Signed[];
  readonly resolve: (verdicts: boolean[]) => void;
}
interface Thread {
  readonly worker: Worker;
  readonly asked: Asked[];
}

const MAX_THREADS = Math.min(availableParallelism(), 4);
/** Fewer are checked at once: a millisecond here is less than a thread costs. */
const MIN_SIGNATURES = 16;
const SIGNATURES_PER_JOB = 128;
/** One more than it works on, so that no thread waits for the main one. */
const JOBS_PER_THREAD = 2;
const IDLE_MS = 10_000;
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };
const FILE = join(import.meta.dirname, `signature-worker.${import.meta.filename.endsWith('.ts') ? 'ts' : 'js'}`);

const threads = new Set<Thread>();
const queue: Asked[] = [];
let idle: NodeJS.Timeout | undefined;

/**
 * Checks many signatures off the main thread: a verdict for each, in their order. The threads are shared by all nodes of
 * this process, started when there is work and ended when there is none. Never rejects: whatever is malformed is simply
 * not valid.
 */
export async function verifySignatures(signatures: readonly Signed[]): Promise<boolean[]> {
  if (signatures.length < MIN_SIGNATURES) return verifyHere(signatures);
  const jobs: Promise<boolean[]>[] = [];
  for (let at = 0; at < signatures.length; at += SIGNATURES_PER_JOB) {
    const part = signatures.slice(at, at + SIGNATURES_PER_JOB);
    jobs.push(new Promise((resolve) => queue.push({ signatures: part, resolve })));
  }
  pump();
  return (await Promise.all(jobs)).flat();
}

const verifyHere = (signatures: readonly Signed[]): boolean[] =>
  signatures.map(({ sig, publicKey, message }) => verifyEd25519(sig, keyBytes(publicKey), message));

function pump(): void {
  while (queue.length > 0) {
    let thread = [...threads].sort((a, b) => a.asked.length - b.asked.length)[0];
    if (!thread || (thread.asked.length > 0 && threads.size < MAX_THREADS)) thread = startThread();
    const asked = thread.asked.length < JOBS_PER_THREAD ? queue.shift() : undefined;
    if (!asked) return;
    clearTimeout(idle);
    const batch = packSignatures(asked.signatures);
    thread.asked.push(asked);
    thread.worker.ref();
    thread.worker.postMessage(batch, [batch.packed.buffer]);
  }
  if ([...threads].some((thread) => thread.asked.length > 0)) return;
  clearTimeout(idle);
  idle = setTimeout(endThreads, IDLE_MS).unref();
}

function startThread(): Thread {
  const worker = new Worker(FILE, { resourceLimits: LIMITS });
  const thread: Thread = { worker, asked: [] };
  threads.add(thread);
  worker.on('message', (verdicts: Uint8Array) => {
    thread.asked.shift()?.resolve(Array.from(verdicts, (verdict) => verdict === 1));
    if (thread.asked.length === 0) worker.unref();
    pump();
  });
  // A thread that fails ends; what it was at is checked without it.
  worker.on('error', () => undefined);
  worker.on('exit', () => {
    threads.delete(thread);
    for (const { signatures, resolve } of thread.asked.splice(0)) resolve(verifyHere(signatures));
    pump();
  });
  return thread;
}

function endThreads(): void {
  for (const { worker } of threads) void worker.terminate();
  threads.clear();
}
