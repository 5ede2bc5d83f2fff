/** The values used last, at most `most` of them. */
export interface Recent<T> {
  readonly get: (key: string) => T | undefined;
  readonly put: (key: string, value: T) => T;
  readonly clear: () => void;
}

export function createRecent<T>(most: number): Recent<T> {
  const kept = new Map<string, T>();
  const put = (key: string, value: T): T => {
    kept.delete(key);
    kept.set(key, value);
    if (kept.size > most) kept.delete(kept.keys().next().value as string);
    return value;
  };
  return {
    get(key) {
      const value = kept.get(key);
      return value === undefined ? undefined : put(key, value);
    },
    put,
    clear: () => kept.clear(),
  };
}
