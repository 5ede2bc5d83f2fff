import { toHex } from '#domain/bytes.ts';
import { MAX_PART_BYTES, readSnapshotRoot } from '#domain/village/snapshot-blocks.ts';

/** Which blocks of a file are of snapshots that closes name: the root by what a close says, the parts by their root. */
export interface SnapshotParts {
  /** A close names this digest, in hex. */
  expect(root: string): void;
  isOne(digest: Uint8Array, bytes: Uint8Array): boolean;
}

export function createSnapshotParts(): SnapshotParts {
  const wanted = new Set<string>();
  return {
    expect: (root) => void wanted.add(root),
    isOne(digest, bytes) {
      if (bytes.length > MAX_PART_BYTES || !wanted.has(toHex(digest))) return false;
      for (const part of readSnapshotRoot(bytes)?.parts ?? []) wanted.add(toHex(part));
      return true;
    },
  };
}
