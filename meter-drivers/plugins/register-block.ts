/** A run of 16-bit registers; address is the 0-based protocol address (manual register number minus 1). */
export interface RegisterSpan {
  /** 3 = holding registers, 4 = input registers. */
  readonly function: 3 | 4;
  readonly address: number;
  readonly words: number;
}

/** The most registers one Modbus read may ask for. */
const MAX_WORDS = 125;

const endOf = (span: RegisterSpan): number => span.address + span.words;

/**
 * The fewest requests that cover all spans, in address order. Registers nobody asked for are read over only up to
 * maxGapWords: a meter may refuse a read that touches an address it does not have.
 */
export function planBlocks(spans: readonly RegisterSpan[], maxGapWords: number): RegisterSpan[] {
  const ordered = [...spans].sort((a, b) => a.function - b.function || a.address - b.address);
  const blocks: RegisterSpan[] = [];
  for (const span of ordered) {
    const last = blocks.at(-1);
    const end = last ? Math.max(endOf(last), endOf(span)) : 0;
    const joins =
      last !== undefined &&
      last.function === span.function &&
      span.address <= endOf(last) + maxGapWords &&
      end - last.address <= MAX_WORDS;
    if (joins) blocks[blocks.length - 1] = { ...last, words: end - last.address };
    else blocks.push({ function: span.function, address: span.address, words: span.words });
  }
  return blocks;
}

/** Words that were read, by block. */
export interface ReadBlock {
  readonly span: RegisterSpan;
  readonly words: readonly number[];
}

/** The words of one span out of the blocks read, or null when no block holds it. */
export function sliceSpan(blocks: readonly ReadBlock[], span: RegisterSpan): readonly number[] | null {
  for (const block of blocks) {
    const start = span.address - block.span.address;
    const inside = block.span.function === span.function && start >= 0 && endOf(span) <= endOf(block.span);
    if (inside && block.words.length === block.span.words) return block.words.slice(start, start + span.words);
  }
  return null;
}
