import { AppError } from '#core/ports/errors.ts';

/** Remembers what can be computed again. A full disk must not take the answer away: then it is computed again. */
export function keepIfRoom(keep: () => void): void {
  try {
    keep();
  } catch (e) {
    if (!(e instanceof AppError) || e.code !== 'DISK_FULL') throw e;
  }
}
