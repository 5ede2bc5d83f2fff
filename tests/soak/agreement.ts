import type { SoakConsole } from './soak-console.ts';

/** How many of the records are not on every console. */
export function lostOf(consoles: readonly SoakConsole[], records: readonly string[]): number {
  const known = consoles.map((c) => c.ids());
  return records.filter((id) => known.some((ids) => !ids.has(id))).length;
}

/** What consoles that all had time to meet do not agree on. */
export function disagreementOf(consoles: readonly SoakConsole[], acknowledged: readonly string[]): string | undefined {
  const [first, ...others] = consoles;
  if (!first) return 'no console';
  const lost = lostOf(consoles, acknowledged);
  if (lost > 0) return `${lost} acknowledged records are not on every console`;
  for (const other of others) {
    if (other.books().digest() !== first.books().digest()) return `heads of 0 and ${other.number} differ`;
    if (other.ids().size !== first.ids().size) return `records of 0 and ${other.number} differ in number`;
  }
  for (const one of consoles)
    for (const book of one.books().names())
      if (one.books().hasHoles(book)) return `${book} is not whole on ${one.number}`;
  return undefined;
}
