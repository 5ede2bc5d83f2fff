import { randomHex } from './crypto/aead.ts';
import type { Clock } from './ports/clock.ts';
import { AppError } from './ports/errors.ts';

type Values = Record<string, string | number>;
export interface JobState {
  readonly job: string;
  readonly kind: string;
  readonly stage: string;
  readonly done: number;
  readonly of: number;
  readonly state: 'running' | 'done' | 'failed' | 'cancelled';
  readonly startedAtMs: number;
  readonly error: { readonly code: string; readonly detail: string; readonly values: Values } | null;
  readonly result: Values | null;
}
export interface JobControl {
  readonly signal: AbortSignal;
  readonly progress: (stage: string, done: number, of: number) => void;
}

/** Long work with progress and cancel. Closing a watch does not cancel; a finished job is kept for an hour. */
export interface Jobs {
  start(kind: string, work: (control: JobControl) => Promise<Values>): string;
  list(): JobState[];
  watch(job: string, signal?: AbortSignal): AsyncGenerator<JobState, void, void>;
  cancel(job: string): void;
  /** Cancels everything and waits for it to end. */
  stop(): Promise<void>;
}

interface Live {
  state: JobState;
  readonly abort: AbortController;
  readonly listeners: Set<() => void>;
  ended: Promise<void>;
}
const KEEP_MS = 3_600_000;

export function createJobs(clock: Clock, onChange: () => void, log: (line: string) => void): Jobs {
  const jobs = new Map<string, Live>();
  const set = (live: Live, next: Partial<JobState>) => {
    live.state = { ...live.state, ...next };
    for (const l of live.listeners) l();
    onChange();
  };
  const find = (job: string): Live => {
    const live = jobs.get(job);
    if (!live) throw new AppError('NOT_FOUND', `There is no job ${job}.`);
    return live;
  };
  const run = async (live: Live, work: (c: JobControl) => Promise<Values>): Promise<void> => {
    try {
      const result = await work({
        signal: live.abort.signal,
        progress: (stage, done, of) => set(live, { stage, done, of }),
      });
      set(live, { state: 'done', result, done: live.state.of });
    } catch (e) {
      if (live.abort.signal.aborted) {
        set(live, { state: 'cancelled' });
        return;
      }
      const known = e instanceof AppError;
      if (!known) log(`job ${live.state.kind}: ${e instanceof Error ? (e.stack ?? e.message) : String(e)}`);
      const error = known
        ? { code: e.code, detail: e.message, values: { ...e.data } }
        : { code: 'INTERNAL', detail: 'Something went wrong inside. The log of this console says more.', values: {} };
      set(live, { state: 'failed', error });
    }
  };
  return {
    start(kind, work) {
      const job = randomHex(8);
      for (const [id, old] of jobs) {
        if (old.state.state !== 'running' && old.state.startedAtMs < clock.now() - KEEP_MS) jobs.delete(id);
      }
      const live: Live = {
        state: {
          job,
          kind,
          stage: 'start',
          done: 0,
          of: 1,
          state: 'running',
          startedAtMs: clock.now(),
          error: null,
          result: null,
        },
        abort: new AbortController(),
        listeners: new Set(),
        ended: Promise.resolve(),
      };
      jobs.set(job, live);
      live.ended = run(live, work);
      return job;
    },
    list: () => [...jobs.values()].map((l) => l.state),
    async *watch(job, signal) {
      const live = find(job);
      let shown: JobState | undefined;
      while (!signal?.aborted) {
        if (live.state !== shown) {
          shown = live.state;
          yield shown;
          if (shown.state !== 'running') return;
          continue;
        }
        await new Promise<void>((resolve) => {
          const done = () => {
            live.listeners.delete(done);
            signal?.removeEventListener('abort', done);
            resolve();
          };
          live.listeners.add(done);
          signal?.addEventListener('abort', done, { once: true });
        });
      }
    },
    cancel(job) {
      find(job).abort.abort();
    },
    async stop() {
      for (const l of jobs.values()) l.abort.abort();
      await Promise.all([...jobs.values()].map((l) => l.ended));
    },
  };
}
