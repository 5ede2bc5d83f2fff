import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { verifyEd25519 } from '#core/ports/ed25519.ts';
import { createIdleCores } from './idle-cores.ts';
import { keyBytes, packSignatures, type Signed } from './signature-batch.ts';

/**
 * Checks many signatures: a verdict for each, in their order. Never rejects: whatever is malformed is simply not valid.
 */
export type VerifySignatures = (signatures: readonly Signed[]) => Promise<boolean[]>;

interface Job {
  readonly signatures: readonly Signed[];
  readonly resolve: (verdicts: boolean[]) => void;
}
interface Thread {
  readonly worker: Worker;
  readonly jobs: Job[];
  isReady: boolean;
}

/** The main thread has work of its own. */
const MAX_THREADS = Math.min(Math.max(1, availableParallelism() - 1), 4);
/** Fewer are checked at once. */
const MIN_SIGNATURES = 16;
/** What else the main thread has to do waits for one job: 3 ms, or 15 on a single-board computer. */
const SIGNATURES_PER_JOB = 64;
/** More than it works on, so that a thread does not wait for the main one. */
const JOBS_PER_THREAD = 4;
/** Jobs that wait before another thread is worth its start, or the help of the main one where there is a thread. */
const MANY_JOBS = 8;
/** How often it is looked for idle cores while much is waiting, ms; the system counts in steps of 10. */
const LOOK_EVERY_MS = 100;
/** What was seen longer ago than this tells of another time, ms. */
const LOOK_ANEW_MS = 500;
/** A thread needs the better part of one. */
const MIN_IDLE_CORES = 0.5;
const IDLE_MS = 10_000;
const LIMITS = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };
const FILE = join(import.meta.dirname, `signature-worker.${import.meta.filename.endsWith('.ts') ? 'ts' : 'js'}`);

/**
 * The work is done here, a few milliseconds at a time, until there is much of it and a core that nobody uses: then
 * threads take it over. A thread costs as much as some thousand checks before its first one, and where other processes
 * keep the cores busy it takes from them what it gives.
 */
export function createSignaturePool(idleCores: () => number): VerifySignatures {
  const threads = new Set<Thread>();
  const queue: Job[] = [];
  let isTurnSet = false;
  let idle: NodeJS.Timeout | undefined;
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  const handOver = (): void => {
    for (const thread of [...threads].sort((a, b) => a.jobs.length - b.jobs.length)) {
      while (thread.isReady && thread.jobs.length < JOBS_PER_THREAD) {
        const job = queue.shift();
        if (!job) return;
        const batch = packSignatures(job.signatures);
        thread.jobs.push(job);
        thread.worker.ref();
        thread.worker.postMessage(batch, [batch.packed.buffer]);
      }
    }
  };
  const lookForCores = (): void => {
    const nowMs = performance.now();
    const sinceMs = nowMs - lookedAtMs;
    if (queue.length < MANY_JOBS || threads.size >= MAX_THREADS || sinceMs < LOOK_EVERY_MS) return;
    const cores = idleCores();
    lookedAtMs = nowMs;
    if (sinceMs < LOOK_ANEW_MS && cores >= MIN_IDLE_CORES) startThread();
  };
  const isOurTurn = (): boolean =>
    queue.length >= MANY_JOBS || (queue.length > 0 && ![...threads].some(({ isReady }) => isReady));
  const takeTurn = (): void => {
    isTurnSet = false;
    const job = isOurTurn() ? queue.shift() : undefined;
    job?.resolve(verifyHere(job.signatures));
    pump();
  };
  const pump = (): void => {
    handOver();
    lookForCores();
    if (isOurTurn() && !isTurnSet) {
      isTurnSet = true;
      setImmediate(takeTurn);
    }
    clearTimeout(idle);
    if (queue.length === 0 && [...threads].every(({ jobs }) => jobs.length === 0))
      idle = setTimeout(endThreads, IDLE_MS).unref();
  };
  const startThread = (): void => {
    const worker = new Worker(FILE, { resourceLimits: LIMITS });
    worker.unref();
    const thread: Thread = { worker, jobs: [], isReady: false };
    threads.add(thread);
    worker.on('message', (verdicts: Uint8Array) => {
      // The first message only tells that it is there.
      if (thread.isReady) thread.jobs.shift()?.resolve(Array.from(verdicts, (verdict) => verdict === 1));
      thread.isReady = true;
      if (thread.jobs.length === 0) worker.unref();
      pump();
    });
    // A thread that fails ends; what it was at is checked without it.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      threads.delete(thread);
      queue.unshift(...thread.jobs.splice(0));
      pump();
    });
  };
  const endThreads = (): void => {
    for (const { worker } of threads) void worker.terminate();
    threads.clear();
  };

  return async (signatures) => {
    if (signatures.length < MIN_SIGNATURES) return verifyHere(signatures);
    const jobs: Promise<boolean[]>[] = [];
    for (let at = 0; at < signatures.length; at += SIGNATURES_PER_JOB) {
      const part = signatures.slice(at, at + SIGNATURES_PER_JOB);
      jobs.push(new Promise((resolve) => queue.push({ signatures: part, resolve })));
    }
    pump();
    return (await Promise.all(jobs)).flat();
  };
}

/** Shared by all nodes of this process. */
export const verifySignatures = createSignaturePool(createIdleCores());

function verifyHere(signatures: readonly Signed[]): boolean[] {
  let [last, key] = ['', keyBytes('')];
  return signatures.map(({ sig, publicKey, message }) => {
    // Those of one author come after each other.
    if (publicKey !== last) [last, key] = [publicKey, keyBytes(publicKey)];
    return verifyEd25519(sig, key, message);
  });
}
