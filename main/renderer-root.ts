import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the built console: dist/renderer of the tree this file was built into or runs from. */
export function findRendererRoot(from: string = import.meta.dirname): string {
  for (let dir = from; ; dir = dirname(dir)) {
    const root = join(dir, 'dist', 'renderer');
    if (existsSync(join(root, 'index.html')) || dirname(dir) === dir) return root;
  }
}
