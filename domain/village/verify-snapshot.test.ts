import { describe, expect, test } from 'vitest';
import { holds } from '../books/chains.ts';
import type { KnownRecord } from '../books/record.ts';
import { cutNow, settle } from '../settlement/settlement-fixture.ts';
import type { Checkpoint } from './epochs.ts';
import { foldRecords } from './fold.ts';
import { checkpointHash } from './snapshot.ts';
import { checkpointBefore, settledTwice, settledVillage } from './snapshot-fixture.ts';
import { openWhole, type WholeSnapshot, writeWhole } from './snapshot-whole-fixture.ts';
import { copyState, type VillageState } from './state.ts';
import { verifySnapshot } from './verify-snapshot.ts';
import { changeOf, foundVillage, makePerson, type Person, recoverOnce } from './village-fixture.ts';

const { village, first, second, coordinators } = settledTwice();
const honest = checkpointBefore(village, second);
/** What the second close and whatever came after it left, where January was put away everywhere. */
const withoutJanuary = (records: readonly KnownRecord[]) =>
  records.filter((r) => !r.book.endsWith('2012-01') || !holds(honest.chains, r));
const kept = withoutJanuary(village.records);
function verifyWhole(snapshot: WholeSnapshot, records: readonly KnownRecord[] = kept, of = village.id) {
  const opened = openWhole(snapshot);
  if (!opened.ok) return { ...opened, missing: 0 };
  const verified = verifySnapshot(of, opened, records, recoverOnce);
  return verified.ok ? opened : verified;
}
const verify = (checkpoint: Checkpoint, ...rest: [records?: readonly KnownRecord[], of?: string]) =>
  verifyWhole(writeWhole(checkpoint), ...rest);
const reasonOf = (...input: Parameters<typeof verify>): string => {
  const verified = verify(...input);
  return verified.ok ? 'verified' : verified.reason;
};
const changed = (change: (state: VillageState) => void): Checkpoint => {
  const state = copyState(honest.state);
  change(state);
  return { ...honest, state };
};

/** Another February on top of the same January, which names this checkpoint and has these signatures. */
function closeNaming(checkpoint: Checkpoint, signers: readonly Person[]): KnownRecord[] {
  const { village: other } = settledVillage();
  const cut = { ...cutNow(other, first), checkpoint: checkpointHash(checkpoint) };
  settle(other, { month: '2012-02', prev: first, cut, signers });
  return withoutJanuary(other.records);
}

describe('a snapshot is started from', () => {
  test('where the settled close after it names its hash with enough signatures, though older months are nowhere', () => {
    const verified = verify(honest);
    expect(verified.ok && checkpointHash(verified.checkpoint)).toBe(checkpointHash(honest));
    const all = foldRecords(village.id, village.records, { nowMs: village.nowMs, recover: recoverOnce });
    if (!verified.ok) throw new Error(verified.reason);
    const { checkpoint } = verified;
    const newcomer = foldRecords(village.id, kept, { nowMs: village.nowMs, recover: recoverOnce, from: checkpoint });
    expect(newcomer.state).toEqual(all.state);
  });

  test('not while records are missing that this close counts, and says how many', () => {
    const lacking = kept.filter((r) => r.kind !== 'member.add');
    expect(verify(honest, lacking)).toEqual({
      ok: false,
      reason: expect.stringMatching(/no settled close/),
      missing: 1,
    });
  });

  test('with the signatures of those who close accounts at that cut: a new key of a coordinator is one, an old one is not', () => {
    const old = makePerson('Baraka');
    expect(reasonOf(honest, closeNaming(honest, [coordinators[0], coordinators[1]]))).toBe('verified');
    const byOld = { ...old, id: coordinators[1].id };
    expect(reasonOf(honest, closeNaming(honest, [coordinators[0], byOld]))).toMatch(/no settled close/);
  });
});

describe('a forged snapshot is refused', () => {
  const other = changed((s) => s.usedInvites.clear());

  test('when another state was signed, also where one byte differs', () => {
    expect(reasonOf(other)).toBe('the close that follows it names another one');
    const written = writeWhole(honest);
    for (const [name, block] of written.blocks)
      for (let at = 0; at < block.length; at += 197) {
        const flipped = new Uint8Array(block);
        flipped[at] = (flipped[at] as number) ^ 1;
        expect(verifyWhole({ ...written, blocks: new Map([...written.blocks, [name, flipped]]) }).ok).toBe(false);
      }
    for (let at = 0; at < written.root.length; at += 17) {
      const root = new Uint8Array(written.root);
      root[at] = (root[at] as number) ^ 1;
      expect(verifyWhole({ ...written, root }).ok).toBe(false);
    }
  });

  test('when fewer signed than have to, or others, or one twice', () => {
    const [ana, baraka] = coordinators;
    for (const signers of [
      [],
      [ana],
      [ana, ana],
      [ana, makePerson('Dalia')],
      [ana, { ...makePerson('Dalia'), id: baraka.id }],
    ])
      expect(reasonOf(other, closeNaming(other, signers))).toMatch(/no settled close/);
    expect(reasonOf(other, closeNaming(other, [ana, baraka]))).toBe('verified');
  });

  test('when the close that names it follows another one, or is not settled', () => {
    const february = checkpointBefore(
      village,
      settle(village, { month: '2012-03', prev: second, signers: [...coordinators] }),
    );
    expect(reasonOf(february, kept)).toMatch(/no settled close/);
    const unsettled = kept.filter((r) => r.kind !== 'close.receipt');
    expect(reasonOf(honest, unsettled)).toMatch(/no settled close/);
    expect(reasonOf({ ...honest, settled: second, epochs: [] }, kept)).toMatch(/last epoch/);
  });

  test('when it is of another village, or its founding document is another one', () => {
    expect(reasonOf(honest, kept, 'ab'.repeat(32))).toBe('it is of another village');
    const founding = honest.state.founding;
    const elsewhere = changed((s) => {
      s.founding = founding && { ...founding, name: 'Elsewhere' };
    });
    expect(reasonOf(elsewhere)).toMatch(/founding document/);
    expect(reasonOf(changed((s) => Object.assign(s, { founding: null })))).toMatch(/founding document/);
  });

  test('when its coordinators do not follow from the founding document by signatures', () => {
    const thief = makePerson('Thief');
    const accomplice = makePerson('Accomplice');
    const [ana, baraka] = coordinators;
    const joined = (s: VillageState, ...people: Person[]) => {
      const like = s.members.get(ana.id);
      for (const { id, address } of people)
        if (like) s.members.set(id, { ...like, id, keys: [{ address, number: 0, sinceMs: 0, handover: null }] });
    };
    const change = (signer: Person, epoch = 1) => {
      const { sig, signer: _, ...body } = changeOf(village, [thief, accomplice], 1, signer, epoch);
      return { ...body, signatures: [{ address: signer.address, sig }], agreed: true };
    };
    const now = { members: [thief.id, accomplice.id], threshold: 1, epoch: 2 };
    const taken = (by: Person) =>
      changed((s) => {
        joined(s, thief, accomplice);
        s.coordinatorChanges.push(change(by));
        s.coordinators = now;
      });
    const seen = (forged: Checkpoint) => reasonOf(forged, closeNaming(forged, [thief]));
    expect(seen(taken(thief))).toBe('a change of coordinators has too few signatures');
    expect(seen(taken(ana))).toBe('a change of coordinators has too few signatures');
    expect(seen(changed((s) => Object.assign(s, { coordinators: now })))).toMatch(/not those that the changes lead to/);
    expect(seen(changed((s) => Object.assign(s, { coordinatorChanges: [] })))).toMatch(/not those that/);
    expect(seen(changed((s) => s.coordinatorChanges.push(change(ana, 2))))).toMatch(/not in a row/);
    const named = changed((s) => {
      s.coordinatorChanges[0] = {
        ...(s.coordinatorChanges[0] as VillageState['coordinatorChanges'][0]),
        members: [thief.id],
      };
    });
    expect(seen(named)).toBe('the keys of its coordinators are not proved');
    const rekeyed = (handover: string | null) =>
      changed((s) => {
        const m = s.members.get(baraka.id);
        const next = { address: thief.address, number: 2, sinceMs: 0, handover };
        if (m) s.members.set(m.id, { ...m, keys: [...m.keys, next] });
      });
    expect(seen(rekeyed(null))).toBe('the keys of its coordinators are not proved');
    expect(seen(rekeyed(thief.sign(first)))).toBe('the keys of its coordinators are not proved');
    const replaced = changed((s) => {
      const m = s.members.get(ana.id);
      if (m) s.members.set(m.id, { ...m, keys: [{ address: thief.address, number: 0, sinceMs: 0, handover: null }] });
    });
    expect(seen(replaced)).toBe('the keys of its founder are not proved');
  });

  test('when nothing was signed at all: what a village is before its first close is nothing to start from', () => {
    const young = foundVillage();
    const { checkpoint } = foldRecords(young.id, young.records, { nowMs: young.nowMs, recover: recoverOnce });
    expect(reasonOf(checkpoint, young.records, young.id)).toMatch(/founding document/);
  });
});
