import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The command as `npm run build` leaves it: rows about a person's wait use what a person runs. */
export const BUILT_COMMAND = join(import.meta.dirname, '..', '..', 'dist', 'main', 'cli.js');

export function requireBuild(): void {
  if (!existsSync(BUILT_COMMAND)) throw new Error(`${BUILT_COMMAND} is not there: build first (npm run build)`);
}
