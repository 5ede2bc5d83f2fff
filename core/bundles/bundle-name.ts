import type { Village } from '#core/village/open-village.ts';

/** Plain letters, for any file system of a stick. */
export function nameOfFile(village: Pick<Village, 'row'>, of: string): string {
  const name = village.row.name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return `${name || 'village'}-${of}.car`;
}
