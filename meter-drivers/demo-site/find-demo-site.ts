import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AppError } from '#core/ports/errors.ts';

/** The made-up village that ships with Gridpact, in the nearest meter-drivers folder above this module. */
export function findDemoSite(from: string = import.meta.dirname): string {
  for (let dir = from; ; dir = dirname(dir)) {
    const candidate = join(dir, 'meter-drivers', 'demo-site', 'demo-hourly-wh.csv');
    if (existsSync(candidate)) return candidate;
    if (dirname(dir) === dir) {
      throw new AppError('SITE_FILE', `No meter-drivers/demo-site above ${from}: ship it beside dist, or give --site.`);
    }
  }
}
