/** Bytes by name, the newest up to a limit; the oldest go first. */
export interface ByteCache {
  get(name: string): Uint8Array | undefined;
  add(name: string, bytes: Uint8Array): void;
  delete(name: string): void;
}

export function createByteCache(limitBytes: number): ByteCache {
  const held = new Map<string, Uint8Array>();
  let size = 0;
  const remove = (name: string): void => {
    size -= held.get(name)?.length ?? 0;
    held.delete(name);
  };
  return {
    get: (name) => held.get(name),
    add(name, bytes) {
      if (held.has(name)) return;
      held.set(name, bytes);
      size += bytes.length;
      for (const oldest of held.keys()) {
        if (size <= limitBytes) break;
        remove(oldest);
      }
    },
    delete: remove,
  };
}
