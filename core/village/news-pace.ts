/** What follows on news, once for all that comes in a short time: bundle after bundle, when a console was away for long. */
export interface NewsPace {
  /** Something is new. The first news is followed up at once. */
  tell(): void;
  stop(): void;
}

const EVERY_MS = 150;

export function createNewsPace(followUp: () => void): NewsPace {
  let lastMs = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const run = (): void => {
    timer = undefined;
    followUp();
    lastMs = performance.now();
  };
  return {
    tell() {
      if (timer !== undefined) return;
      const waitMs = lastMs + EVERY_MS - performance.now();
      if (waitMs <= 0) run();
      else timer = setTimeout(run, waitMs);
    },
    stop: () => clearTimeout(timer),
  };
}
