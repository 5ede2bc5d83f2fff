import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256, utf8 } from '../bytes.ts';
import { leaseOf } from '../settlement/settlement-fixture.ts';
import { sealWords } from './seal-words.ts';
import {
  coversMonth,
  faultsOf,
  type HostLease,
  hostLeaseSchema,
  partiesOf,
  termsHash,
  termsWords,
  untilMonth,
  unusualTerm,
} from './terms.ts';

const [owner, host, grid, ana, ben] = ['1', '2', '3', '4', '5'].map((x) => `m${x.repeat(32)}`) as [
  string,
  string,
  string,
  string,
  string,
];
const meter = (x: string) => `e${x.repeat(32)}`;
const terms = leaseOf({
  owner,
  host,
  grid,
  hostMeter: meter('1'),
  neighbours: [
    { member: ana, meter: meter('2') },
    { member: ben, meter: meter('3') },
  ],
});

describe('terms', () => {
  test('without contradiction have no fault (P10)', () => {
    expect(faultsOf(terms)).toEqual([]);
  });

  test.each<[string, Partial<HostLease>]>([
    ['owner-is-host', { host: owner }],
    ['neighbour-is-party', { neighbours: [{ member: grid, meter: meter('2') }] }],
    ['meter-twice', { neighbours: [{ member: ana, meter: meter('1') }] }],
    ['wheeling-over-price', { wheelingPrice: 181n }],
    ['no-price', { hostPrice: 0n, neighbourPrice: 0n, wheelingPrice: 0n }],
  ])('that contradict themselves say %s (P10)', (fault, changed) => {
    expect(faultsOf({ ...terms, ...changed })).toEqual([fault]);
  });

  test('name every party once, in the order of the deed (P8)', () => {
    const twice = { ...terms, grid: owner, neighbours: [...terms.neighbours, { member: ana, meter: meter('4') }] };
    expect(partiesOf(terms).map((p) => p.part)).toEqual(['owner', 'host', 'grid', 'neighbour', 'neighbour']);
    expect(partiesOf(twice).map((p) => p.member)).toEqual([owner, host, ana, ben]);
  });

  test.each([
    [119, true],
    [120, false],
    [144, false],
    [180, false],
    [181, true],
  ])('of %i months are unusual: %s, which warns and does not block (P15)', (months, unusual) => {
    expect(unusualTerm({ ...terms, months })).toBe(unusual);
    expect(faultsOf({ ...terms, months })).toEqual([]);
  });

  test('cover their months and no other', () => {
    expect(untilMonth(terms)).toBe('2024-01');
    expect(['2011-12', '2012-01', '2023-12', '2024-01'].map((m) => coversMonth(terms, m))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    const last = hostLeaseSchema.parse({ ...terms, from: '2999-12', months: 360 });
    expect(untilMonth(last)).toBe('3029-12');
  });

  test.each<[string, object]>([
    ['more than 500 neighbours', { neighbours: Array.from({ length: 501 }, () => terms.neighbours[0]) }],
    ['a share over the whole', { ownerShareBp: 10_001 }],
    ['a negative price', { hostPrice: -1n }],
    ['no month', { months: 0 }],
    ['a month that is none', { from: '2012-13' }],
    ['a field more', { note: 'x' }],
  ])('with %s are no terms', (_, changed) => {
    expect(hostLeaseSchema.safeParse({ ...terms, ...changed }).success).toBe(false);
  });
});

describe('the seal', () => {
  test('is six words that two people can compare, the same on every machine', () => {
    expect(termsWords(terms)).toHaveLength(6);
    expect(termsWords({ ...terms })).toEqual(termsWords(terms));
    expect(sealWords(new Uint8Array(32), 3)).toEqual(['abandon', 'abandon', 'abandon']);
    expect(sealWords(new Uint8Array(32).fill(255), 2)).toEqual(['zoo', 'zoo']);
  });

  test('changes with any term', () => {
    const changes: Partial<HostLease>[] = [
      { hostPrice: 201n },
      { rentBp: 1501 },
      { neighbourPrice: 181n },
      { wheelingPrice: 11n },
      { ownerShareBp: 6001 },
      { from: '2012-02' },
      { months: 145 },
      { after: 'passes-to-host' },
      { owner: ana },
      { neighbours: [...terms.neighbours].reverse() },
      { asset: `a${'1'.repeat(32)}` },
    ];
    const all = [terms, ...changes.map((c) => ({ ...terms, ...c }))];
    expect(new Set(all.map(termsHash)).size).toBe(all.length);
    expect(new Set(all.map((t) => termsWords(t).join(' '))).size).toBe(all.length);
  });

  test('changes when any byte of what is sealed changes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (bytes, at, flip) => {
          const changed = bytes.slice();
          changed[at % bytes.length] = (changed[at % bytes.length] ?? 0) ^ flip;
          expect(sealWords(sha256(changed), 6)).not.toEqual(sealWords(sha256(bytes), 6));
        },
      ),
    );
  });

  test('spends 11 bits of the digest on a word', () => {
    const digest = sha256(utf8('gridpact'));
    const bits = [...digest].map((b) => b.toString(2).padStart(8, '0')).join('');
    const zeros = (from: number) => Number.parseInt(bits.slice(from, from + 11), 2);
    const alone = (from: number) => sealWords(Uint8Array.of(zeros(from) >> 3, (zeros(from) & 7) << 5), 1)[0];
    expect(sealWords(digest, 6)).toEqual([0, 11, 22, 33, 44, 55].map(alone));
  });
});
