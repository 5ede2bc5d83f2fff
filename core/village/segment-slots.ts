/** A bounded number of places, and of bytes in them; who waits is served in the order in which they came. */
export interface Slots {
  /** Resolves with what gives the place back. What is larger than all bytes together gets them all. */
  take(bytes: number): Promise<() => void>;
}

export function createSlots(places: number, maxBytes: number): Slots {
  const waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];
  let [taken, held] = [0, 0];
  const fits = (bytes: number): boolean => taken === 0 || (taken < places && held + bytes <= maxBytes);
  const enter = (bytes: number): void => {
    taken += 1;
    held += bytes;
  };
  const admit = (): void => {
    for (let first = waiting[0]; first && fits(first.bytes); first = waiting[0]) {
      waiting.shift();
      enter(first.bytes);
      first.resolve();
    }
  };
  return {
    async take(bytes) {
      if (waiting.length === 0 && fits(bytes)) enter(bytes);
      else await new Promise<void>((resolve) => waiting.push({ bytes, resolve }));
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        taken -= 1;
        held -= bytes;
        admit();
      };
    },
  };
}
