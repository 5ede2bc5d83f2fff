import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CheckedSegment } from '#core/storage/segment-tables.ts';
import type { NamedKey } from './audience-keys.ts';
import type { SegmentJob } from './segment-check.ts';
import type { FromWorker, ToWorker, WorkerStart } from './segment-worker.ts';

/** Threads that check segments: started when there is work, ended when there is none. */
export interface SegmentPool {
  /** How many jobs keep all threads busy. */
  readonly width: number;
  /** Starts the threads that so many jobs will need, so that they are ready when the first one comes. */
  readonly warm: (jobs: number) => void;
  /** Takes over the block's memory when it is the whole of its buffer. Rejects when no thread could finish it. */
  readonly check: (job: SegmentJob, keys: readonly NamedKey[]) => Promise<CheckedSegment>;
  /** Lets a running thread move a database's log into its file. */
  readonly checkpoint: (path: string) => void;
  readonly stop: () => Promise<void>;
}

interface Asked {
  readonly job: SegmentJob;
  readonly keys: readonly NamedKey[];
  readonly resolve: (verdict: CheckedSegment) => void;
  readonly reject: (e: Error) => void;
}
interface Thread {
  readonly worker: Worker;
  readonly keysSent: Set<string>;
  readonly asked: Asked[];
}

const MAX_THREADS = 4;
/** One more than it works on, so that no thread waits for the main one. */
const JOBS_PER_THREAD = 2;
const IDLE_MS = 10_000;
/** A thread holds the keys of the months it works on; beyond so many it lets go of those before. */
const KEYS_PER_THREAD = 5_000;
/** A block of 4 MiB and its frames fit many times; a thread that needs more is ended, not the console. */
const THREAD_HEAP_MB = 192;
/** What it makes is gone after one block. */
const THREAD_YOUNG_MB = 6;

const FILE = join(
  import.meta.dirname,
  import.meta.filename.endsWith('.ts') ? 'segment-worker.ts' : 'segment-worker.js',
);

export function createSegmentPool({ village }: WorkerStart): SegmentPool {
  const threads = new Set<Thread>();
  const width = Math.min(availableParallelism(), MAX_THREADS);
  const queue: Asked[] = [];
  let stopped = false;
  let idle: NodeJS.Timeout | undefined;

  const end = async (): Promise<void> => {
    clearTimeout(idle);
    const ended = [...threads];
    threads.clear();
    await Promise.all(ended.map(({ worker }) => worker.terminate()));
  };
  const whenIdle = (): void => {
    if (queue.length > 0 || [...threads].some((t) => t.asked.length > 0)) return;
    clearTimeout(idle);
    idle = setTimeout(() => void end(), IDLE_MS);
    idle.unref();
  };
  const start = (): Thread => {
    const worker = new Worker(FILE, {
      workerData: { village } satisfies WorkerStart,
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB, maxYoungGenerationSizeMb: THREAD_YOUNG_MB },
    });
    const thread: Thread = { worker, keysSent: new Set(), asked: [] };
    threads.add(thread);
    worker.on('message', (answer: FromWorker) => {
      const done = thread.asked.shift();
      if (answer.ok) done?.resolve(answer.verdict);
      else done?.reject(new Error(answer.error));
      if (thread.asked.length === 0) worker.unref();
      pump();
    });
    let cause = 'it ended';
    worker.on('error', (e) => {
      cause = e instanceof Error ? e.message : String(e);
    });
    worker.on('exit', () => {
      threads.delete(thread);
      // Only what it was working on may be to blame; what waited behind that goes to another thread.
      const [blamed, ...innocent] = thread.asked.splice(0);
      blamed?.reject(new Error(`the thread that checked the segment failed: ${cause}`));
      queue.unshift(...innocent);
      if (stopped) for (const { reject } of queue.splice(0)) reject(new Error('stopped'));
      pump();
    });
    return thread;
  };
  const give = (thread: Thread, asked: Asked): void => {
    let news = asked.keys.filter(({ id }) => !thread.keysSent.has(id));
    const isAnew = thread.keysSent.size + news.length > KEYS_PER_THREAD;
    if (isAnew) {
      news = [...asked.keys];
      thread.keysSent.clear();
    }
    for (const { id } of news) thread.keysSent.add(id);
    const post = (message: ToWorker, transfer: ArrayBuffer[] = []) => thread.worker.postMessage(message, transfer);
    if (news.length > 0) post({ type: 'keys', keys: news, isAnew });
    thread.asked.push(asked);
    post({ type: 'check', job: asked.job });
    thread.worker.ref();
    clearTimeout(idle);
  };
  const pump = (): void => {
    while (queue.length > 0 && !stopped) {
      let thread = [...threads].sort((a, b) => a.asked.length - b.asked.length)[0];
      if (!thread || (thread.asked.length > 0 && threads.size < width)) thread = start();
      if (thread.asked.length >= JOBS_PER_THREAD) return;
      give(thread, queue.shift() as Asked);
    }
    whenIdle();
  };
  return {
    width: width * JOBS_PER_THREAD,
    warm(jobs) {
      if (stopped) return;
      while (threads.size < Math.min(width, jobs)) start().worker.unref();
      whenIdle();
    },
    check: (job, keys) =>
      new Promise((resolve, reject) => {
        if (stopped) {
          reject(new Error('stopped'));
          return;
        }
        queue.push({ job, keys, resolve, reject });
        pump();
      }),
    checkpoint(path) {
      const [first] = threads;
      first?.worker.postMessage({ type: 'checkpoint', path } satisfies ToWorker);
    },
    async stop() {
      stopped = true;
      await end();
      for (const { reject } of queue.splice(0)) reject(new Error('stopped'));
    },
  };
}
