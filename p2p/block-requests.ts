import { MAX_OPEN_WANTS, readRequest, type Want } from './block-wire.ts';

/** Read from disk together and held until they are sent. */
const BATCH_BYTES = 1024 * 1024;

/** What one stream wants, in the order in which it came. */
export interface BlockRequests {
  /** Throws when the peer broke the rules. */
  take(frame: Uint8Array): void;
  /** The next wants to be read together; undefined once the stream ended. */
  next(maxBlocks: number): Promise<readonly Want[] | undefined>;
  isCancelled(number: number): boolean;
  /** Their numbers may be used again. */
  answered(numbers: readonly number[]): void;
  readonly end: () => void;
}

export function createBlockRequests(): BlockRequests {
  const queue: Want[] = [];
  const open = new Set<number>();
  const cancelled = new Set<number>();
  let ended = false;
  let wake: (() => void) | undefined;
  const notify = (): void => {
    wake?.();
    wake = undefined;
  };
  const takeBatch = (maxBlocks: number): Want[] => {
    const batch: Want[] = [];
    let bytes = 0;
    for (let want = queue[0]; want && batch.length < maxBlocks; want = queue[0]) {
      bytes += want.bytes;
      if (batch.length > 0 && bytes > BATCH_BYTES) break;
      batch.push(want);
      queue.shift();
    }
    return batch;
  };
  return {
    take(frame) {
      const request = readRequest(frame);
      if (!request) throw new Error('it sent a request that cannot be read');
      if (request.t === 'cancel') {
        for (const number of request.numbers) if (open.has(number)) cancelled.add(number);
        return;
      }
      for (const want of request.wants) {
        if (open.has(want.number)) throw new Error('it wanted two blocks under one number');
        open.add(want.number);
        queue.push(want);
      }
      if (open.size > MAX_OPEN_WANTS) throw new Error('it wanted more blocks at once than it may');
      notify();
    },
    async next(maxBlocks) {
      while (queue.length === 0 && !ended) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return ended ? undefined : takeBatch(maxBlocks);
    },
    isCancelled: (number) => cancelled.has(number),
    answered(numbers) {
      for (const number of numbers) {
        open.delete(number);
        cancelled.delete(number);
      }
    },
    end() {
      ended = true;
      notify();
    },
  };
}
