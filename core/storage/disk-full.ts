import { AppError } from '#core/ports/errors.ts';

/** A full disk as SQLite (SQLITE_FULL) and the file system (ENOSPC, EDQUOT) tell it, in words for a person; else the same error. */
export function asDiskFull(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (!/disk is full|SQLITE_FULL/i.test(error.message) && code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new AppError('DISK_FULL', `No space left for ${path}. Free some space; what was saved before is safe.`, {
    retryable: true,
    cause: error,
  });
}

/** Does something with a file; a full disk is told as DISK_FULL with its path. */
export function guardDisk<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (e) {
    throw asDiskFull(e, path);
  }
}
