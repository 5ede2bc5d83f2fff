/** A bounded number of places; who waits is served in the order in which they came. */
export interface Slots {
  /** Resolves with what gives the place back. */
  take(): Promise<() => void>;
}

export function createSlots(n: number): Slots {
  const waiting: (() => void)[] = [];
  let free = n;
  return {
    async take() {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      };
    },
  };
}
