import { describe, expect, it } from 'vitest';
import { deriveClauses, lastMonth, type Terms } from './clauses.ts';

const names = {
  member: (id: string) => `member ${id}`,
  meter: (id: string) => `meter ${id}`,
  asset: (id: string) => `asset ${id}`,
};
const terms: Terms = {
  kind: 'host-lease',
  owner: 'o',
  host: 'h',
  grid: 'g',
  asset: 'a',
  hostMeter: '1',
  neighbours: [{ member: 'n', meter: '2' }],
  hostPrice: 200n,
  rentBp: 1500,
  neighbourPrice: 180n,
  wheelingPrice: 10n,
  ownerShareBp: 6000,
  from: '2025-11',
  months: 36,
  after: 'passes-to-host',
};

describe('sentences of the host-lease', () => {
  it('P12 P13 says energy charge, rent, neighbours, wheeling, shares and term, in that order', () => {
    expect(deriveClauses(terms, names).map((c) => c.kind)).toEqual([
      'lease',
      'host-price',
      'rent',
      'neighbours',
      'wheeling',
      'shares',
      'term',
      'after',
      'proof',
    ]);
  });

  it('splits the whole between owner and host', () => {
    const shares = deriveClauses(terms, names).find((c) => c.kind === 'shares');
    expect(shares).toMatchObject({ ownerBp: 6000, hostBp: 4000 });
  });

  it('leaves out what the terms make empty', () => {
    const bare = { ...terms, rentBp: 0, neighbours: [] };
    expect(deriveClauses(bare, names).map((c) => c.kind)).toEqual(['lease', 'host-price', 'term', 'after', 'proof']);
  });

  it('changes a sentence whenever a signed figure changes', () => {
    const text = (t: Terms) =>
      JSON.stringify(deriveClauses(t, names), (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v));
    const changes: Partial<Terms>[] = [
      { owner: 'x' },
      { host: 'x' },
      { grid: 'x' },
      { asset: null },
      { hostMeter: '9' },
      { neighbours: [{ member: 'n', meter: '9' }] },
      { hostPrice: 201n },
      { rentBp: 1501 },
      { neighbourPrice: 181n },
      { wheelingPrice: 11n },
      { ownerShareBp: 6001 },
      { from: '2025-12' },
      { months: 35 },
      { after: 'returns-to-owner' },
    ];
    for (const change of changes) expect(text({ ...terms, ...change })).not.toBe(text(terms));
  });

  it('counts months over the end of a year', () => {
    expect(lastMonth('2025-11', 36)).toBe('2028-10');
    expect(lastMonth('2025-12', 1)).toBe('2025-12');
  });
});
