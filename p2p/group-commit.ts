/** Joins what several callers want on disk into as few durable writes as the disk allows. */
export interface GroupCommit<T> {
  /** Resolves once all items are on disk; rejects when the write they were part of failed. */
  commit(items: readonly T[]): Promise<void>;
  /** Resolves when nothing is being written or waits to be. */
  idle(): Promise<void>;
}

interface Waiting<T> {
  readonly items: readonly T[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** While one write is under way, all others wait and then go together. `write` is atomic: all of it or nothing. */
export function createGroupCommit<T>(write: (items: readonly T[]) => Promise<void>): GroupCommit<T> {
  let waiting: Waiting<T>[] = [];
  let draining: Promise<void> | undefined;
  const writeGroup = async (group: readonly Waiting<T>[]): Promise<void> => {
    try {
      await write(group.length === 1 && group[0] ? group[0].items : group.flatMap((g) => g.items));
      for (const { resolve } of group) resolve();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  };
  const drain = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      await writeGroup(group);
    }
    draining = undefined;
  };
  return {
    commit: (items) =>
      new Promise((resolve, reject) => {
        waiting.push({ items, resolve, reject });
        draining ??= drain();
      }),
    async idle() {
      await draining;
    },
  };
}
