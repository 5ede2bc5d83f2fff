import { describe, expect, it } from 'vitest';
import { emptyDraft, readDraft } from './draft.ts';

const currency = { code: 'TZS', exponent: 0 };
const full = {
  ...emptyDraft('2025-11'),
  owner: 'o',
  host: 'h',
  grid: 'g',
  hostMeter: 'm1',
  neighbours: ['m2', 'm3'],
  hostPrice: '1,200',
  neighbourPrice: '180',
  wheelingPrice: '10',
};
const memberOf = (meter: string) => (meter === 'm2' ? 'n' : null);

describe('the sentence with blanks', () => {
  it('names every blank that is empty', () => {
    const read = readDraft(emptyDraft('2025-11'), currency, memberOf);
    expect(read).toEqual({
      missing: ['owner', 'host', 'grid', 'hostMeter', 'hostPrice', 'neighbourPrice', 'wheelingPrice'],
    });
  });

  it('reads amounts exactly and shares in basis points', () => {
    const read = readDraft(full, currency, memberOf);
    expect(read).toMatchObject({ terms: { hostPrice: 1200n, rentBp: 1500, ownerShareBp: 6000, months: 36 } });
  });

  it('takes a neighbour only from a meter that has a member', () => {
    const read = readDraft(full, currency, memberOf);
    expect(read).toMatchObject({ terms: { neighbours: [{ member: 'n', meter: 'm2' }] } });
  });

  it('refuses decimals that the currency does not have, and a share above the whole', () => {
    expect(readDraft({ ...full, hostPrice: '1.5' }, currency, memberOf)).toEqual({ missing: ['hostPrice'] });
    expect(readDraft({ ...full, ownerShare: '101' }, currency, memberOf)).toEqual({ missing: ['ownerShare'] });
  });
});
