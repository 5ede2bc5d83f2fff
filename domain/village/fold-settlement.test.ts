import { describe, expect, test } from 'vitest';
import { operatorsDigest } from '../settlement/batch.ts';
import { type CloseParts, closeBodyOf, receiptBodyOf, settle, signClose } from '../settlement/settlement-fixture.ts';
import { agreedChain } from './fold-settlement.ts';
import { ZERO_HASH } from './state.ts';
import { addMember, foundVillage, join, makePerson, type Person, shuffle } from './village-fixture.ts';

/** Ana, Baraka and Chipo close accounts, two of three. */
function closeVillage() {
  const village = foundVillage();
  const { person: baraka, device: tablet } = join(village, 'Baraka', 'coordinator');
  const chipo = addMember(village, 'Chipo', 'coordinator');
  const people = [village.founder, baraka, chipo];
  const operators = people.map((p) => p.address).sort();
  const { chainId, ledger } = village.founding.chain;
  const value = { village: `0x${village.id}`, epoch: 0, operators, threshold: 2 };
  village.write(village.device, 'members', 'policy.coordinators', {
    epoch: 0,
    members: people.map((p) => p.id),
    threshold: 2,
    operators,
    signer: village.founder.id,
    sig: village.founder.sign(operatorsDigest({ chainId, ledger }, value)),
  });
  const propose = (parts: CloseParts = {}, changed: object = {}) => {
    const body = { ...closeBodyOf(village, parts), ...changed };
    const record = village.write(village.device, 'settlement', 'close.propose', body);
    return { digest: body.digest, record, reason: village.held(record) };
  };
  const sign = (digest: string, signer: Person, device = village.device) =>
    village.held(signClose(village, device, digest, signer));
  return { village, baraka, chipo, tablet, propose, sign };
}

describe('a close', () => {
  test('is agreed with two of three signatures and becomes the head of the chain', () => {
    const { village, baraka, tablet, propose, sign } = closeVillage();
    const { digest, reason } = propose();
    expect(reason).toBeUndefined();
    expect(sign(digest, village.founder)).toBeUndefined();
    expect(village.fold().head).toBe(ZERO_HASH);
    expect(sign(digest, baraka, tablet)).toBeUndefined();
    const state = village.fold();
    expect([state.head, state.closes.get(digest)?.agreed]).toEqual([digest, true]);
  });

  test('chains to the one before, month after month, even with months between', () => {
    const { village, baraka, propose, sign } = closeVillage();
    const months = ['2012-01', '2012-02', '2012-07'];
    const digests: string[] = [];
    for (const month of months) {
      const { digest, reason } = propose({ month, prev: digests.at(-1) ?? ZERO_HASH });
      expect(reason).toBeUndefined();
      for (const person of [village.founder, baraka]) sign(digest, person);
      digests.push(digest);
    }
    const state = village.fold();
    expect(agreedChain(state.closes.values()).map((c) => [c.month, c.digest])).toEqual(
      months.map((m, i) => [m, digests[i]]),
    );
    expect(agreedChain([...state.closes.values()].reverse()).map((c) => c.month)).toEqual(months);
  });

  test('of a month that is closed, or of one before it, does not count', () => {
    const { village, baraka, propose, sign } = closeVillage();
    const { digest } = propose({ month: '2012-03' });
    for (const person of [village.founder, baraka]) sign(digest, person);
    const closed = 'this month or a later one is closed';
    expect(propose({ month: '2012-03', prev: digest }).reason).toBe(closed);
    expect(propose({ month: '2012-02', prev: digest }).reason).toBe(closed);
    expect(propose({ month: '2012-04', prev: digest }).reason).toBeUndefined();
    sign(propose({ month: '2012-05' }).digest, baraka);
    expect(village.fold().head).toBe(digest);
  });

  test('whose digest is not of its batch does not count', () => {
    const { propose } = closeVillage();
    const wrong = 'the digest is not of this batch';
    expect(propose({}, { digest: `0x${'00'.repeat(32)}` }).reason).toBe(wrong);
    expect(propose({}, { root: `0x${'00'.repeat(32)}` }).reason).toBe(wrong);
    expect(propose({}, { month: '2012-02' }).reason).toBe(wrong);
    expect(propose({}, { cut: { records: { members: {} }, checkpoint: ZERO_HASH, rules: 1 } }).reason).toBe(wrong);
  });

  test('is proposed by a coordinator only (P2)', () => {
    const { village } = closeVillage();
    const { device } = join(village, 'Dalia');
    const record = village.write(device, 'settlement', 'close.propose', closeBodyOf(village));
    expect(village.held(record)).toBe('only a coordinator closes a month');
  });

  test('needs lanes that sum to zero, one for each member and one member in each', () => {
    const { village, baraka, chipo, propose, sign } = closeVillage();
    const lane = (person: Person, index: number, net: bigint) => ({ member: person.id, index, net });
    const reasonOf = (...lanes: ReturnType<typeof lane>[]) => propose({ lanes }).reason;
    expect(reasonOf(lane(baraka, 0, 5n), lane(chipo, 1, -4n))).toBe('the lanes do not sum to zero');
    expect(reasonOf(lane(baraka, 0, 5n), lane(baraka, 1, -5n))).toBe('a member has two lanes');
    expect(reasonOf(lane(baraka, 0, 0n), lane(chipo, 0, 0n))).toBe('two members in one lane');
    expect(reasonOf(lane(makePerson('Nobody'), 0, 0n))).toBe('a lane is of nobody in this village');
    const first = propose({ lanes: [lane(baraka, 0, 5n), lane(chipo, 1, -5n)] });
    for (const person of [village.founder, baraka]) sign(first.digest, person);
    expect(village.fold().lanes).toEqual(
      new Map([
        [baraka.id, 0],
        [chipo.id, 1],
      ]),
    );
    const next = (...lanes: ReturnType<typeof lane>[]) =>
      propose({ month: '2012-02', prev: first.digest, lanes }).reason;
    expect(next(lane(baraka, 2, 0n))).toBe('a member has another lane');
    expect(next(lane(village.founder, 1, 0n))).toBe('two members in one lane');
    expect(next(lane(village.founder, 2, 0n))).toBeUndefined();
  });

  test('beside another of the same month is shown as a conflict, and the signatures decide', () => {
    const { village, baraka, propose, sign } = closeVillage();
    const [one, two] = [propose(), propose({ root: `0x${'cd'.repeat(32)}` })];
    expect(village.fold().conflicts).toMatchObject([{ kind: 'two-closes', onHold: two.record.id }]);
    for (const person of [village.founder, baraka]) sign(two.digest, person);
    expect([village.fold().head === one.digest, village.fold().head]).toEqual([false, two.digest]);
  });
});

describe('a signature under a close', () => {
  test('is of a coordinator who closes accounts, by their present key, once', () => {
    const { village, baraka, propose, sign } = closeVillage();
    const dalia = addMember(village, 'Dalia', 'coordinator');
    const { digest } = propose();
    expect(sign(digest, dalia)).toBe('not one of the coordinators who close accounts');
    expect(sign(digest, { ...dalia, id: baraka.id })).toBe('the signature is not of the signer');
    expect(sign(`0x${'00'.repeat(32)}`, baraka)).toBe('no such close');
    expect([sign(digest, baraka), sign(digest, baraka)]).toEqual([undefined, 'already signed']);
  });

  test('under two closes of one month decides nothing once the chain has one of them', () => {
    const { village, baraka, chipo, tablet, propose, sign } = closeVillage();
    const early = village.nowMs;
    village.nowMs += 60_000;
    const honest = propose();
    for (const person of [village.founder, baraka]) sign(honest.digest, person);
    const receipt = () =>
      village.held(village.write(village.device, 'settlement', 'close.receipt', receiptBodyOf(honest.digest)));
    expect(receipt()).toBeUndefined();
    // Baraka signs another close of the month with Chipo and back-dates all of it.
    const body = closeBodyOf(village, { root: `0x${'cd'.repeat(32)}` });
    const at = (ms: number) => ({ atMs: ms, seen: [] });
    village.write(tablet, 'settlement', 'close.propose', body, at(early));
    for (const [n, person] of [baraka, chipo].entries()) {
      const signature = { digest: body.digest, signer: person.id, sig: person.sign(body.digest) };
      village.write(tablet, 'settlement', 'close.sign', signature, at(early + 1 + n));
    }
    const state = village.fold();
    expect(state.head).toBe(honest.digest);
    expect(agreedChain(state.closes.values()).map((c) => c.digest)).toEqual([honest.digest]);
    expect(state.conflicts.map((c) => c.kind)).toContain('two-closes');
    for (let seed = 1; seed < 10; seed++) expect(village.fold(shuffle(village.records, seed)).head).toBe(honest.digest);
  });

  test('without a receipt gives the month to the first close that has enough', () => {
    const { village, baraka, chipo, propose, sign } = closeVillage();
    const [one, two] = [propose(), propose({ root: `0x${'cd'.repeat(32)}` })];
    sign(one.digest, baraka);
    for (const person of [baraka, chipo]) sign(two.digest, person);
    sign(one.digest, village.founder);
    expect(village.fold().head).toBe(two.digest);
  });

  test('stays when the device that carried it is frozen', () => {
    const { village, baraka, tablet, propose, sign } = closeVillage();
    const { digest } = propose();
    sign(digest, village.founder);
    sign(digest, baraka, tablet);
    const last = village.records.at(-1);
    village.write(
      tablet,
      'settlement',
      'close.nothing',
      {},
      { ...(last ? { twinOf: last } : {}), atMs: village.nowMs - 30_000 },
    );
    const state = village.fold();
    expect(state.devices.get(tablet.id)?.frozenFrom).not.toBeNull();
    expect(state.head).toBe(digest);
  });

  test('is worth the same from whichever device it comes', () => {
    const { village, baraka, chipo, tablet, propose, sign } = closeVillage();
    const { digest } = propose();
    sign(digest, chipo, tablet);
    sign(digest, baraka, village.device);
    expect(village.fold().head).toBe(digest);
  });
});

describe('a receipt', () => {
  test('is kept for an agreed close, and the final one stays', () => {
    const { village, baraka, propose, sign } = closeVillage();
    const { digest } = propose();
    const write = (final: boolean) =>
      village.held(village.write(village.device, 'settlement', 'close.receipt', receiptBodyOf(digest, final)));
    expect(write(true)).toBe('no agreed close for this receipt');
    for (const person of [village.founder, baraka]) sign(digest, person);
    expect([write(false), write(true), write(false)]).toEqual([undefined, undefined, 'already final']);
    expect(village.fold().closes.get(digest)?.receipt).toMatchObject({ final: true, block: 7 });
  });

  test('makes the state no less a function of the set', () => {
    const village = foundVillage();
    const first = settle(village);
    settle(village, { month: '2012-02', prev: first });
    const state = village.fold();
    for (let seed = 1; seed < 20; seed++) expect(village.fold(shuffle(village.records, seed))).toEqual(state);
    expect(agreedChain(state.closes.values())).toHaveLength(2);
  });
});
