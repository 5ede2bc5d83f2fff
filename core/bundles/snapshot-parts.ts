import { toHex } from '#domain/bytes.ts';
import { allParts, MAX_BLOCK_BYTES, readSnapshotRoot } from '#domain/village/snapshot-root.ts';

/** Which blocks of a file are of snapshots that closes name: the root by what a close says, the parts by their root. */
export interface SnapshotParts {
  /** A close names this digest, in hex. */
  expect(root: string): void;
  placeOf(digest: Uint8Array, bytes: Uint8Array): 'root' | 'part' | undefined;
}

export function createSnapshotParts(): SnapshotParts {
  const wanted = new Set<string>();
  return {
    expect: (root) => void wanted.add(root),
    placeOf(digest, bytes) {
      if (bytes.length > MAX_BLOCK_BYTES || !wanted.has(toHex(digest))) return undefined;
      const root = readSnapshotRoot(bytes);
      if (!root) return 'part';
      for (const part of allParts(root)) wanted.add(toHex(part.digest));
      return 'root';
    },
  };
}
