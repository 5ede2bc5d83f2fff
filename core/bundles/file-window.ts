const READ_BYTES = 1024 * 1024;

/** What a file handle of node:fs/promises does. */
export interface PieceReader {
  read(bytes: Uint8Array, at: number, length: number, offset: number): Promise<{ readonly bytesRead: number }>;
}

/** A piece of a file in memory that moves along with who reads it. */
export interface FileWindow {
  readonly size: number;
  /** The bytes at `offset`, fewer at the end of the file. A view: copy what is kept. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

export function createFileWindow(handle: PieceReader, size: number): FileWindow {
  let start = 0;
  let held: Uint8Array = new Uint8Array(0);
  const fill = async (offset: number, length: number): Promise<void> => {
    const wanted = Math.min(Math.max(length, READ_BYTES), size - offset);
    const bytes = new Uint8Array(wanted);
    let at = 0;
    while (at < wanted) {
      const { bytesRead } = await handle.read(bytes, at, wanted - at, offset + at);
      if (bytesRead === 0) break;
      at += bytesRead;
    }
    start = offset;
    held = bytes.subarray(0, at);
  };
  return {
    size,
    async read(offset, length) {
      const wanted = Math.max(0, Math.min(length, size - offset));
      const isHeld = offset >= start && offset + wanted <= start + held.length;
      if (!isHeld) await fill(offset, wanted);
      return held.subarray(offset - start, offset - start + wanted);
    },
  };
}
