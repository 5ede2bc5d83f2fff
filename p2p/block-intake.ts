import type { BlockName } from './block-session.ts';

export interface BlockBytes<Block extends BlockName> {
  readonly block: Block;
  readonly bytes: Uint8Array;
}

export interface BlockIntakeContext<Block extends BlockName> {
  /** Durable when resolved. */
  readonly store: (blocks: readonly BlockBytes<Block>[]) => Promise<void>;
  readonly deliver: (cid: string, bytes: Uint8Array) => Promise<void>;
  /** The reader is through with these. */
  readonly onDelivered: (block: Block) => void;
  readonly onError: (error: unknown) => void;
}

/** Takes blocks that are proved: many to one write, then to the reader, without waiting for one before the next. */
export interface BlockIntake<Block extends BlockName> {
  store(block: Block, bytes: Uint8Array): void;
  /** A block that lies on this disk already. */
  handOn(block: Block, bytes: Uint8Array): void;
  /** Resolves when everything taken is delivered, or failed. */
  idle(): Promise<void>;
}

export function createBlockIntake<Block extends BlockName>(context: BlockIntakeContext<Block>): BlockIntake<Block> {
  let queue: BlockBytes<Block>[] = [];
  let writing = false;
  const running = new Set<Promise<void>>();
  const track = (task: Promise<void>): void => {
    const tracked = task.catch(context.onError).finally(() => running.delete(tracked));
    running.add(tracked);
  };
  const handOn = async (block: Block, bytes: Uint8Array): Promise<void> => {
    await context.deliver(block.cid, bytes);
    context.onDelivered(block);
  };
  const write = async (): Promise<void> => {
    writing = true;
    try {
      while (queue.length > 0) {
        const batch = queue;
        queue = [];
        await context.store(batch);
        for (const { block, bytes } of batch) track(handOn(block, bytes));
      }
    } finally {
      writing = false;
    }
  };
  return {
    store(block, bytes) {
      queue.push({ block, bytes });
      if (!writing) track(write());
    },
    handOn: (block, bytes) => track(handOn(block, bytes)),
    async idle() {
      while (running.size > 0) await Promise.all(running);
    },
  };
}
