import { parentPort, workerData } from 'node:worker_threads';
import { asSealingKey, type SealingKey } from '#core/crypto/aead.ts';
import { checkpointDatabase } from '#core/storage/open-database.ts';
import type { CheckedSegment } from '#core/storage/segment-tables.ts';
import type { NamedKey } from './audience-keys.ts';
import { checkSegment, type SegmentJob } from './segment-check.ts';

/** What a worker is started with. */
export interface WorkerStart {
  readonly village: string;
}
export type ToWorker =
  /** `isAnew`: in place of those sent before. */
  | { readonly type: 'keys'; readonly keys: readonly NamedKey[]; readonly isAnew: boolean }
  | { readonly type: 'check'; readonly job: SegmentJob }
  /** Not answered: it may fail, and is asked for again. */
  | { readonly type: 'checkpoint'; readonly path: string };
export type FromWorker =
  | { readonly ok: true; readonly verdict: CheckedSegment }
  | { readonly ok: false; readonly error: string };

/** A thread that checks segments, one message after the other. */
function serve(port: NonNullable<typeof parentPort>, start: WorkerStart): void {
  const keys = new Map<string, SealingKey>();
  const against = { village: start.village, keys };
  port.on('message', (message: ToWorker) => {
    if (message.type === 'keys') {
      if (message.isAnew) keys.clear();
      for (const { id, key } of message.keys) keys.set(id, asSealingKey(key));
      return;
    }
    if (message.type === 'checkpoint') {
      tryCheckpoint(message.path);
      return;
    }
    try {
      const verdict = checkSegment(against, message.job);
      port.postMessage({ ok: true, verdict } satisfies FromWorker, memoryOf(verdict));
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

/** All sealed frames lie in one buffer, which moves. */
function memoryOf(verdict: CheckedSegment): ArrayBuffer[] {
  const buffer = verdict.frames[0]?.sealed.buffer;
  return buffer instanceof ArrayBuffer ? [buffer] : [];
}

if (parentPort) serve(parentPort, workerData as WorkerStart);
