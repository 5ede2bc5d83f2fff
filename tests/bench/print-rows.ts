import type { Row, Skipped, Spread } from './bench.ts';
import type { Machine } from './machine.ts';

const number = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
const spread = ({ median, min, max, runs }: Spread): string =>
  runs === 1 ? number(median) : `${number(median)} (${number(min)}..${number(max)})`;

/** A row for a person: median, spread, each reference, and how ours compares. */
export function formatRow(name: string, row: Row | Skipped): string[] {
  if ('skipped' in row) return [`${name}`, `  SKIPPED: ${row.skipped}`];
  const { what, unit, ours, references, notes, right } = row;
  const lines: [string, string][] = [['gridpact', `${spread(ours)} ${unit}`]];
  for (const { name: reference, measured, ratio } of references)
    lines.push([reference, `${spread(measured)} ${unit}; ours is ${number(ratio)} times that`]);
  for (const [label, value] of Object.entries(notes)) lines.push([label, String(value ?? 'not known')]);
  const width = Math.max(...lines.map(([label]) => label.length));
  return [
    `${name}: ${what}`,
    ...lines.map(([label, text]) => `  ${label.padEnd(width)}  ${text}`),
    ...(right ? [] : ['  WRONG: what came out is not what had to come out']),
  ];
}

export const formatMachine = (m: Machine): string =>
  `${m.cpu}, ${m.cores} cores, ${m.memoryGb} GB, Node ${m.node}; load average ${m.loadBefore} before, ${m.loadAfter} after`;
