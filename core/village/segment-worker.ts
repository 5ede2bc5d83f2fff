import { parentPort, workerData } from 'node:worker_threads';
import type { SealingKey } from '#core/crypto/aead.ts';
import { checkpointDatabase } from '#core/storage/open-database.ts';
import { asSealingKey, checkSegment, type SegmentJob, type SegmentVerdict } from './segment-check.ts';

/** What a worker is started with. */
export interface WorkerStart {
  readonly village: string;
  readonly restKey: Uint8Array;
}
export type ToWorker =
  | { readonly type: 'keys'; readonly keys: readonly (readonly [string, Uint8Array])[] }
  | { readonly type: 'check'; readonly job: SegmentJob }
  /** Not answered: it may fail, and is asked for again. */
  | { readonly type: 'checkpoint'; readonly path: string };
export type FromWorker =
  | { readonly ok: true; readonly verdict: SegmentVerdict }
  | { readonly ok: false; readonly error: string };

/** A thread that checks segments, one message after the other. */
function serve(port: NonNullable<typeof parentPort>, start: WorkerStart): void {
  const keys = new Map<string, SealingKey>();
  const against = { village: start.village, restKey: asSealingKey(start.restKey), keys };
  port.on('message', (message: ToWorker) => {
    if (message.type === 'keys') {
      for (const [id, key] of message.keys) keys.set(id, asSealingKey(key));
      return;
    }
    if (message.type === 'checkpoint') {
      tryCheckpoint(message.path);
      return;
    }
    try {
      const verdict = checkSegment(against, message.job);
      const { packed, buffer } = pack(verdict);
      port.postMessage({ ok: true, verdict: packed } satisfies FromWorker, buffer ? [buffer] : []);
    } catch (e) {
      port.postMessage({ ok: false, error: e instanceof Error ? e.message : String(e) } satisfies FromWorker);
    }
  });
}

function tryCheckpoint(path: string): void {
  try {
    checkpointDatabase(path);
  } catch {
    // the writer does it when its log has grown too long
  }
}

/** All sealed frames in one buffer, which moves instead of being copied piece by piece. */
function pack(verdict: SegmentVerdict): { readonly packed: SegmentVerdict; readonly buffer?: ArrayBuffer } {
  if (verdict.state === 'damaged' || verdict.frames.length === 0) return { packed: verdict };
  const all = new Uint8Array(verdict.frames.reduce((n, f) => n + f.sealed.length, 0));
  let at = 0;
  const frames = verdict.frames.map((f) => {
    const sealed = all.subarray(at, at + f.sealed.length);
    sealed.set(f.sealed);
    at += f.sealed.length;
    return { ...f, sealed };
  });
  return { packed: { ...verdict, frames }, buffer: all.buffer };
}

if (parentPort) serve(parentPort, workerData as WorkerStart);
