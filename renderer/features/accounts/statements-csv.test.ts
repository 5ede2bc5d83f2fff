import { describe, expect, it } from 'vitest';
import { statementsCsv } from './statements-csv.ts';

const person = { id: `m${'0'.repeat(32)}`, name: 'Amina, "Juma"' };
const line = {
  kind: 'neighbour-energy' as const,
  agreement: `g${'0'.repeat(32)}`,
  amountMinor: -9_007_199_254_740_993n,
  other: { ...person, name: '=cmd()' },
  wh: 95_000n,
  pricePerKwh: 180n,
  meter: null,
  meterName: 'C-21',
  hours: 714,
  gapHours: 6,
  heldWh: 0n,
  trust: 1 as const,
};
const statement = {
  member: person,
  netMinor: 0n,
  paysMinor: 0n,
  receivesMinor: 0n,
  wh: null,
  trust: null,
  lines: [line],
};
const view = {
  month: '2025-09',
  inFile: null,
  needed: [],
  state: 'signed' as const,
  statements: [statement],
  owedMinor: 0n,
  paidOutMinor: 0n,
  differenceMinor: 0n,
  changesHandsMinor: 0n,
  energy: { measured: 0n, site: null, held: 0n, estimated: 0n, unattributed: null },
  checks: [],
  batch: null,
};

describe('statements as CSV', () => {
  const text = statementsCsv(view, { name: 'Kwa', simulated: true, currency: { code: 'KES', exponent: 2 } });
  const row = text.split('\r\n')[1] ?? '';

  it('keeps every digit of an amount that a float would lose', () => {
    expect(row).toContain(',-90071992547409.93,KES,');
  });

  it('says in every row that the village is simulated', () => {
    expect(row.endsWith(',simulated')).toBe(true);
  });

  it('quotes names and takes the sting out of a formula', () => {
    expect(row).toContain('"Amina, ""Juma"""');
    expect(row).toContain("'=cmd()");
  });
});
