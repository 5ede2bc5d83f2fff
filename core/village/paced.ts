/** Work that is asked for again and again while much comes in. */
export interface Paced {
  /** Done at once where it takes little; else after others had the larger part of the time. */
  readonly ask: () => void;
  readonly stop: () => void;
}

/** What takes less is done whenever it is asked for, ms. */
const LITTLE_MS = 10;
/** So many times as long as the work took the rest has its turn. */
const REST = 4;

export function createPaced(work: () => void): Paced {
  let timer: NodeJS.Timeout | undefined;
  let nextMs = 0;
  const run = (): void => {
    timer = undefined;
    const fromMs = performance.now();
    work();
    const tookMs = performance.now() - fromMs;
    nextMs = tookMs > LITTLE_MS ? fromMs + (1 + REST) * tookMs : 0;
  };
  return {
    ask() {
      if (timer) return;
      const waitMs = nextMs - performance.now();
      if (waitMs > 0) timer = setTimeout(run, waitMs);
      else run();
    },
    stop: () => clearTimeout(timer),
  };
}
