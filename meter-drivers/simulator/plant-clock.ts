/** The plant's own time, UTC milliseconds: stands still, is set forward, or runs at a multiple of real time. */
export interface PlantClock {
  now(): number;
  /** Stops the clock at an instant; false when that lies in the past of the plant. */
  set(atMs: number): boolean;
  run(speed: number): void;
}

/** realNow is a monotonic clock in milliseconds. */
export function createPlantClock(fromMs: number, realNow: () => number): PlantClock {
  let base = fromMs;
  let speed = 0;
  let since = realNow();
  const now = (): number => Math.floor(base + (realNow() - since) * speed);
  const rebase = (atMs: number, nextSpeed: number): void => {
    since = realNow();
    base = atMs;
    speed = nextSpeed;
  };
  return {
    now,
    set(atMs) {
      if (atMs < now()) return false;
      rebase(atMs, 0);
      return true;
    },
    run: (nextSpeed) => rebase(now(), nextSpeed),
  };
}
