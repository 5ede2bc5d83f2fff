import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What our Node is started with: left to itself it lets what is gone after a moment fill 64 MB. */
export const nodeFlags = JSON.parse(readFileSync(join(import.meta.dirname, 'node-flags.json'), 'utf8'));
