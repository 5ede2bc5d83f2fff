import { createHash, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileDurably } from './write-file-durably.ts';

const MARKER = 'home';
const MACHINE_ID = '/etc/machine-id';

/**
 * Where this data lives, as 64 hex: changes when the folder was copied, restored from a backup, or moved to another
 * disk or machine, and not when it was renamed. A file that nobody writes a second time is known by its number and by
 * the instant of its last change, which no copy can keep.
 */
export function homeOf(dir: string): string {
  const path = join(dir, MARKER);
  if (!existsSync(path)) writeFileDurably(path, Buffer.from(`${randomUUID()}\n`));
  const { ino, ctimeNs } = statSync(path, { bigint: true });
  const machine = existsSync(MACHINE_ID) ? readFileSync(MACHINE_ID, 'utf8').trim() : '';
  return createHash('sha256').update(`${machine}|${ino}|${ctimeNs}`).digest('hex');
}
