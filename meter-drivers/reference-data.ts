import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A file of the reference data that tests compare with and that is not part of the project: below GRIDPACT_REFERENCE or
 * beside the project's folder in shared/. null, with a warning nobody can overlook, when it is not there.
 */
export function findReferenceFile(...path: string[]): string | null {
  const root = process.env['GRIDPACT_REFERENCE'] ?? join(import.meta.dirname, '..', '..', 'shared');
  const file = join(root, ...path);
  if (existsSync(file)) return file;
  process.stderr.write(`\n*** SKIPPED: ${file} is not here; set GRIDPACT_REFERENCE to compare with it. ***\n`);
  return null;
}
