/** Keeps what was set last of so many keys: whoever comes under new names without end uses up no memory. */
export interface RecentMap<V> {
  readonly get: (key: string) => V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
}

const MAX_KEYS = 4096;

export function createRecentMap<V>(limit = MAX_KEYS): RecentMap<V> {
  const values = new Map<string, V>();
  return {
    get: (key) => values.get(key),
    set(key, value) {
      values.delete(key);
      values.set(key, value);
      const [oldest] = values.keys();
      if (values.size > limit && oldest !== undefined) values.delete(oldest);
    },
    delete: (key) => void values.delete(key),
  };
}
