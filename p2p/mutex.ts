/** Runs tasks one after another, in the order they came; a failed task does not stop the next. */
export interface Mutex {
  run<T>(task: () => Promise<T>): Promise<T>;
  /** Resolves when nothing is running or queued any more. */
  idle(): Promise<void>;
}

export function createMutex(): Mutex {
  let tail: Promise<unknown> = Promise.resolve();
  return {
    run(task) {
      const result = tail.then(task);
      tail = result.catch(() => undefined);
      return result;
    },
    async idle() {
      await tail;
    },
  };
}
