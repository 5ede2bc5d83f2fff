import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KnownRecord } from '../books/record.ts';
import { closeBodyOf, receiptBodyOf, settle, signClose } from '../settlement/settlement-fixture.ts';
import type { Checkpoint } from './epochs.ts';
import { FROZEN, foldRecords, stateHash } from './fold.ts';
import { copyState, emptyState, restate } from './state.ts';
import {
  addBodyOf,
  addMember,
  addMeter,
  foundVillage,
  join,
  makePerson,
  recoverOnce,
  sealedText,
  shuffle,
  type TestDevice,
  type TestVillage,
} from './village-fixture.ts';

const foldFrom = (village: TestVillage, records: readonly KnownRecord[], from?: Checkpoint) =>
  foldRecords(village.id, records, { nowMs: village.nowMs, recover: recoverOnce, ...(from && { from }) });

const admit = (village: TestVillage, by: TestDevice, name: string, options = {}): KnownRecord =>
  village.write(by, 'members', 'member.add', addBodyOf(village, makePerson(name)), options);
const revoke = (village: TestVillage, by: TestDevice, of: TestDevice, last: Record<string, number>): KnownRecord =>
  village.write(by, 'members', 'device.revoke', {
    device: of.id,
    last,
    private: sealedText('stolen'),
  });

/** Two months are settled; then come what a thief can do with a device and what honest people may bring late. */
function hauntedVillage() {
  const village = foundVillage();
  const { device: tablet, person } = join(village, 'Baraka', 'coordinator');
  const { device: phone } = join(village, 'Chipo', 'coordinator');
  addMeter(village, 'mill');
  const dalia = admit(village, tablet, 'Dalia');
  const note = village.write(tablet, 'operations-2012-01', 'note', 1);
  const late = admit(village, phone, 'Late');
  const known = village.records.filter((r) => r !== late);
  const first = closeOn({ ...village, records: known }, village);
  admit(village, tablet, 'Eshe');
  const second = settle(village, { month: '2012-02', prev: first });
  const rival = closeBodyOf(village, { month: '2012-02', prev: first, root: `0x${'ee'.repeat(32)}` });
  village.write(tablet, 'settlement', 'close.propose', rival, { atMs: 0, seen: [] });
  signClose(village, tablet, rival.digest, village.founder);
  admit(village, phone, 'Farai');
  const trouble = [
    village.write(tablet, 'members', 'member.roles', {}, { twinOf: dalia, atMs: 0 }),
    village.write(tablet, 'operations-2012-01', 'note', 2, { twinOf: note, atMs: 0, seen: [] }),
    revoke(village, village.device, tablet, {}),
    village.write(village.device, 'settlement', 'close.receipt', receiptBodyOf(rival.digest, false), { seen: [] }),
  ];
  return { village, tablet, person, dalia, late, first, second, trouble };
}
/** Settles January as a console does that has not heard of everything. */
function closeOn(view: TestVillage, village: TestVillage): string {
  const body = closeBodyOf(view);
  village.write(village.device, 'settlement', 'close.propose', body);
  signClose(village, village.device, body.digest, village.founder);
  village.write(village.device, 'settlement', 'close.receipt', receiptBodyOf(body.digest));
  return body.digest;
}

const haunted = hauntedVillage();
const whole = foldFrom(haunted.village, haunted.village.records);
const hash = stateHash(whole.state);

/** Where a console stood that knew only so many of the records, in the order in which they were written. */
const checkpoints = [...new Set(haunted.village.records.map((_, i) => i + 1))]
  .map((n) => foldFrom(haunted.village, haunted.village.records.slice(0, n)).checkpoint)
  .filter((c, i, all) => i === 0 || c.settled !== all[i - 1]?.settled);

/** As a console keeps it: what grows with the months lies elsewhere, and only what comes after is laid on it. */
const settledElsewhere = (from: Checkpoint): Checkpoint => ({
  ...from,
  state: restate(from.state, (items) => items.standingOn(items.fork())),
  chains: from.chains.standingOn(from.chains.fork()),
});

describe('an epoch', () => {
  test('is what the cut of each anchored close added to the one before', () => {
    const { village, first, second, late } = haunted;
    expect(whole.state.epochs.map((e) => [e.close, e.month])).toEqual([
      [first, '2012-01'],
      [second, '2012-02'],
    ]);
    expect(whole.checkpoint.settled).toBe(second);
    const inside = whole.state.epochs.reduce((n, e) => n + e.records, 0);
    expect(inside + whole.state.outside.size).toBe(village.records.length);
    expect([whole.state.outside.has(late.id), whole.state.onHold.has(late.id)]).toEqual([false, false]);
  });

  test('stays as it counted: no later revocation, freeze, twin or rival close undoes it (formats 4)', () => {
    const { dalia, trouble, tablet, second } = haunted;
    const { state } = whole;
    expect(state.devices.get(tablet.id)).toMatchObject({ revoked: { last: {} } });
    expect(state.devices.get(tablet.id)?.frozenFrom).not.toBeNull();
    expect(['Dalia', 'Eshe', 'Farai', 'Late'].map((n) => state.members.has(makePerson(n).id))).toEqual(
      Array(4).fill(true),
    );
    expect(state.onHold.has(dalia.id)).toBe(false);
    expect(trouble.slice(0, 2).map((r) => state.onHold.get(r.id) ?? '')).toEqual([FROZEN, '']);
    expect([state.head, state.closes.get(second)?.agreed]).toEqual([second, true]);
    expect(state.conflicts.filter((c) => c.kind === 'equivocation').map((c) => c.counts)).toContain(dalia.id);
  });

  test('makes the same state and the same hash from any checkpoint, in any order, with any duplicates', () => {
    expect(checkpoints.length).toBeGreaterThan(2);
    const { records } = haunted.village;
    fc.assert(
      fc.property(fc.constantFrom(...checkpoints), fc.integer(), fc.nat(records.length), (from, seed, again) => {
        const arrived = shuffle([...records, ...records.slice(0, again)], seed);
        for (const start of [from, settledElsewhere(from)]) {
          const folded = foldFrom(haunted.village, arrived, start);
          expect(folded.state).toEqual(whole.state);
          expect(stateHash(folded.state)).toBe(hash);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('needs none of its records once there is a checkpoint of it', () => {
    const { records } = haunted.village;
    for (const from of checkpoints) {
      const rest = records.filter((r) => foldFrom(haunted.village, [r], from).state.outside.has(r.id));
      expect(rest.length).toBe(records.length - from.epochs.reduce((n, e) => n + e.records, 0));
      expect(stateHash(foldFrom(haunted.village, rest, from).state)).toBe(hash);
    }
  });

  test('ends the same for two parts of the village that were apart, each with its own checkpoint', () => {
    const { records } = haunted.village;
    fc.assert(
      fc.property(fc.array(fc.boolean(), { minLength: records.length, maxLength: 100 }), (sides) => {
        const [left, right] = [records.filter((_, i) => sides[i]), records.filter((_, i) => !sides[i])];
        for (const [mine, theirs] of [
          [left, right],
          [right, left],
        ] as const) {
          const { checkpoint } = foldFrom(haunted.village, mine);
          expect(stateHash(foldFrom(haunted.village, [...theirs, ...mine], checkpoint).state)).toBe(hash);
        }
      }),
      { numRuns: 25 },
    );
  });

  test('is not closed while a record that its cut names is missing, or before the receipt is final', () => {
    const village = foundVillage();
    const missing = addMember(village, 'Baraka');
    const digest = closeBodyOf(village);
    village.write(village.device, 'settlement', 'close.propose', digest);
    signClose(village, village.device, digest.digest, village.founder);
    village.write(village.device, 'settlement', 'close.receipt', receiptBodyOf(digest.digest, false));
    expect(foldFrom(village, village.records).state.epochs).toEqual([]);
    village.write(village.device, 'settlement', 'close.receipt', receiptBodyOf(digest.digest));
    expect(foldFrom(village, village.records).state.epochs).toHaveLength(1);
    const without = village.records.filter((r) => (r.body as { member?: string }).member !== missing.id);
    expect(foldFrom(village, without).state.epochs).toEqual([]);
  });
});

test('a fold never changes the checkpoint that it begins with', () => {
  const state = emptyState('aa'.repeat(32));
  const copy = copyState(state);
  const shared = Object.entries(copy).filter(
    ([name, value]) => typeof value === 'object' && value === state[name as keyof typeof state],
  );
  // Those two are replaced as a whole, and the coordinators are one value.
  expect(shared.map(([name]) => name).filter((name) => copy[name as keyof typeof copy] !== null)).toEqual([
    'coordinators',
    'epochs',
    'outside',
  ]);
});

describe('a stolen laptop (J15)', () => {
  test('counts up to the number that its revocation names; later records are kept and never count', () => {
    const village = foundVillage();
    const { device: laptop } = join(village, 'Baraka', 'coordinator');
    const before = admit(village, laptop, 'Before');
    revoke(village, village.device, laptop, { members: before.seq });
    const after = admit(village, laptop, 'After');
    const elsewhere = village.write(laptop, 'operations-2012-01', 'note', 1);
    const first = settle(village);
    const muchLater = admit(village, laptop, 'Much later', { atMs: 0 });
    settle(village, { month: '2012-02', prev: first });
    const { state } = foldFrom(village, village.records);
    expect(state.epochs).toHaveLength(2);
    expect([before, after, elsewhere, muchLater].map((r) => state.onHold.has(r.id) || state.unknown.has(r.id))).toEqual(
      [false, true, true, true],
    );
    expect(state.members.has(makePerson('Before').id)).toBe(true);
    expect(['After', 'Much later'].some((n) => state.members.has(makePerson(n).id))).toBe(false);
  });
});

describe('a device whose key is in two hands', () => {
  function forked() {
    const village = foundVillage();
    const { device: laptop } = join(village, 'Baraka', 'coordinator');
    const { device: phone } = join(village, 'Chipo', 'coordinator');
    const base = admit(village, laptop, 'Base');
    const honest = admit(village, laptop, 'Honest');
    return { village, laptop, phone, base, honest };
  }
  const counts = (village: TestVillage, ...records: KnownRecord[]) =>
    records.map((r) => !village.fold().onHold.has(r.id));

  test('keeps what another device had seen, though a twin is dated before it', () => {
    const { village, laptop, phone, base, honest } = forked();
    admit(village, phone, 'Witness', { seen: [honest.id] });
    const forged = admit(village, laptop, 'Forged', { twinOf: honest, atMs: 0, seen: [] });
    const after = admit(village, laptop, 'After');
    expect(counts(village, base, honest, forged, after)).toEqual([true, true, false, false]);
  });

  test('counts for neither branch when both were seen, or none', () => {
    const { village, laptop, phone, base, honest } = forked();
    const forged = admit(village, laptop, 'Forged', { twinOf: honest, seen: [] });
    expect(counts(village, base, honest, forged)).toEqual([true, false, false]);
    admit(village, phone, 'Witness', { seen: [honest.id] });
    expect(counts(village, honest, forged)).toEqual([true, false]);
    admit(village, village.device, 'Misled', { seen: [forged.id] });
    expect(counts(village, base, honest, forged)).toEqual([true, false, false]);
  });

  test('counts for nothing on a branch off what is settled, and goes on where the cut left it', () => {
    const { village, laptop, base, honest } = forked();
    settle(village);
    const next = admit(village, laptop, 'Next');
    const forged = admit(village, laptop, 'Forged', { twinOf: base, atMs: 0, seen: [] });
    const seen = admit(village, village.device, 'Witness', { seen: [next.id, forged.id] });
    expect(counts(village, base, honest, next, forged, seen)).toEqual([true, true, true, false, true]);
  });

  test('is a witness of nothing itself', () => {
    const { village, laptop, phone, honest } = forked();
    const mine = admit(village, phone, 'Mine', { seen: [] });
    admit(village, phone, 'Fork', { twinOf: mine, seen: [honest.id] });
    const forged = admit(village, laptop, 'Forged', { twinOf: honest, seen: [] });
    expect(counts(village, honest, forged)).toEqual([false, false]);
  });
});
