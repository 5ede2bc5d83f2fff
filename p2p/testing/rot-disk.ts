import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Between the end of the last value of a LevelDB block and the byte that names its compression: where its entries begin. */
const RESTARTS_BYTES = 8;

/** Changes a bit of a block that lies in a file, or leaves only half of it. */
export function rotFile(path: string, digest: Uint8Array, how: 'bytes' | 'cut'): void {
  const file = join(`${path}-large`, Buffer.from(digest).toString('hex'));
  const bytes = readFileSync(file);
  const middle = bytes.length >> 1;
  bytes[middle] = (bytes[middle] ?? 0) ^ 0x40;
  writeFileSync(file, how === 'cut' ? bytes.subarray(0, middle) : bytes);
}

/** Changes a stored block where it lies in a LevelDB that nobody has open: a bit of it, or what says how to read it. */
export function rotDisk(path: string, block: Uint8Array, how: 'bytes' | 'table'): void {
  for (const name of readdirSync(path).filter((file) => file.endsWith('.ldb'))) {
    const file = join(path, name);
    const bytes = readFileSync(file);
    const at = bytes.indexOf(block);
    if (at < 0) continue;
    const spot = how === 'bytes' ? at + Math.floor(block.length / 2) : at + block.length + RESTARTS_BYTES;
    bytes[spot] = (bytes[spot] ?? 0) ^ 0x40;
    writeFileSync(file, bytes);
    return;
  }
  throw new Error(`the block is in no table of ${path}`);
}
