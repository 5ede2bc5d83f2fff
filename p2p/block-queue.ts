import type { BlockName, BlockSource } from './block-session.ts';

/** A slower source may keep a block to itself for so long before it is asked of another as well, ms. */
const SHARE_AFTER_MS = 2000;

/** A block of one fetch: open, asked of somebody, or arrived. */
export interface Wanted extends BlockName {
  readonly askers: Set<Source>;
  readonly lackedBy: Set<Source>;
  askedAtMs: number;
  arrived: boolean;
}
export type Source = BlockSource<Wanted>;

/** What is left to be had, and who may be asked for it next. */
export interface BlockQueue {
  /** The next block to ask this source for, first the open ones in their order, then what a slower source is asked for. */
  next(source: Source): Wanted | undefined;
  asked(block: Wanted, source: Source): void;
  /** A want of this source came to nothing. */
  failed(block: Wanted, source: Source): void;
  /** Answers the other sources that are asked for it. */
  arrived(block: Wanted, from: Source): Source[];
  lacked(block: Wanted, source: Source): void;
  /** Blocks that have not arrived. */
  left(): Wanted[];
  readonly isDone: boolean;
}

/** `now` is monotonic, ms. */
export function createBlockQueue(names: readonly BlockName[], now: () => number): BlockQueue {
  const blocks = names.map(
    (name): Wanted => ({ ...name, askers: new Set(), lackedBy: new Set(), askedAtMs: 0, arrived: false }),
  );
  /** Blocks in the order in which they became open, the same one more than once; every source walks along it. */
  const log = [...blocks];
  const places = new Map<Source, number>();
  const underway = new Set<Wanted>();
  let left = blocks.length;

  const nextOpen = (source: Source): Wanted | undefined => {
    for (let at = places.get(source) ?? 0; at < log.length; at++) {
      const block = log[at];
      if (!block || block.arrived || block.askers.size > 0 || block.lackedBy.has(source)) continue;
      places.set(source, at);
      return block;
    }
    places.set(source, log.length);
    return undefined;
  };
  const nextShared = (source: Source): Wanted | undefined => {
    for (const block of underway) {
      const isSlow = block.askers.size === 1 && now() - block.askedAtMs > SHARE_AFTER_MS;
      if (isSlow && !block.askers.has(source) && !block.lackedBy.has(source)) return block;
    }
    return undefined;
  };
  const queue: BlockQueue = {
    next: (source) => nextOpen(source) ?? nextShared(source),
    asked(block, source) {
      block.askers.add(source);
      block.askedAtMs = now();
      underway.add(block);
    },
    failed(block, source) {
      block.askers.delete(source);
      if (block.arrived || block.askers.size > 0) return;
      underway.delete(block);
      log.push(block);
    },
    arrived(block, from) {
      block.arrived = true;
      underway.delete(block);
      left -= 1;
      block.askers.delete(from);
      return [...block.askers];
    },
    lacked(block, source) {
      block.lackedBy.add(source);
      queue.failed(block, source);
    },
    left: () => blocks.filter((block) => !block.arrived),
    get isDone() {
      return left === 0;
    },
  };
  return queue;
}
