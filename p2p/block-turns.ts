/** Runs tasks at most `n` at a time, in the order in which they came. */
export interface Turns {
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function createTurns(n: number): Turns {
  const waiting: (() => void)[] = [];
  let free = n;
  return {
    async run(task) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await task();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
}
