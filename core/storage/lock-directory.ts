import { closeSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '#core/ports/errors.ts';
import { guardDisk } from './disk-full.ts';

/** Lets one process at a time use a data directory; a lock left by a dead process is taken over. Returns the release. */
export function lockDirectory(dir: string): () => void {
  const path = join(dir, 'lock');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      guardDisk(path, () => writeLock(path));
      return () => rmSync(path, { force: true });
    } catch (e) {
      if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw e;
    }
    const [pid, start] = readFileSync(path, 'utf8').split('\n');
    if (isAlive(Number(pid), start ?? '')) {
      throw new AppError(
        'VILLAGE_LOCKED',
        `Another Gridpact (process ${pid}) uses ${dir}. Close it, or give another folder.`,
      );
    }
    rmSync(path, { force: true });
  }
  throw new AppError('VILLAGE_LOCKED', `Another Gridpact has just taken ${dir}.`, { retryable: true });
}

function writeLock(path: string): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeSync(fd, `${process.pid}\n${startOf(process.pid)}`);
  } catch (e) {
    rmSync(path, { force: true });
    throw e;
  } finally {
    closeSync(fd);
  }
}

function isAlive(pid: number, start: string): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM';
  }
  // A recycled process id is not the one that took the lock.
  return start === '' || startOf(pid) === start;
}

/** Start time of a process in clock ticks where the system tells (Linux), else nothing. */
function startOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
