import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { KnownRecord } from '../books/record.ts';
import { meterScope } from '../membership/audiences.ts';
import { closeBodyOf, settle } from '../settlement/settlement-fixture.ts';
import type { Checkpoint } from './epochs.ts';
import { foldRecords, stateHash } from './fold.ts';
import { announcementOf } from './shelves.ts';
import { decisionKey, restate, shareId } from './state.ts';
import {
  addMeter,
  dataGrantOf,
  foundVillage,
  join,
  recoverOnce,
  sealedText,
  shuffle,
  type TestDevice,
} from './village-fixture.ts';

const DAY = Date.UTC(2012, 0, 2);
const village = foundVillage();
const { device: tablet } = join(village, 'Baraka', 'coordinator');
const meter = addMeter(village, 'mill');
const scope = meterScope(meter, '2012-01');
const keyId = 'ab'.repeat(8);
const entry = village.newId('r', 'entry');
const cid = (letter: string): string => `bafy${letter.repeat(55)}`;

const announce = (by: TestDevice, letter: string): KnownRecord =>
  village.write(by, 'segments-2012-01', 'segment.announce', {
    cid: cid(letter),
    day: '2012-01-02',
    root: new Uint8Array(32),
    frames: 2,
    bytes: 900,
    fromMs: DAY,
    toMs: DAY + 86_400_000,
    prev: null,
  });
const share = (by: TestDevice, to: string, fill: number): KnownRecord => {
  const bytes = (n: number): Uint8Array => new Uint8Array(n).fill(fill);
  const sealed = [{ device: to, ephemeral: bytes(32), iv: bytes(12), box: bytes(48) }];
  return village.write(by, 'segments-2012-01', 'key.share', { shares: [{ key: keyId, scope, sealed }] });
};
const decide = (fromMs: number, action: 'accept' | 'reject'): KnownRecord =>
  village.write(tablet, 'operations-2012-02', 'vee.decide', { meter, fromMs, action, private: sealedText('seen') });
const enter = (by: TestDevice): KnownRecord =>
  village.write(by, 'operations-2012-01', 'entry.add', {
    entry,
    kind: 'hand',
    private: sealedText('book'),
    segments: [cid('c')],
    hours: 2,
    wh: 1500n,
  });

announce(village.device, 'c');
share(village.device, tablet.id, 1);
enter(tablet);
decide(DAY, 'accept');
const note = village.write(tablet, 'operations-2012-01', 'note', 1);
const first = settle(village);
settle(village, { month: '2012-02', prev: first });
const settledRecords = [...village.records];

/** What may still come for months that are settled, and what the books say of it. */
const late = {
  announcedAgain: announce(village.device, 'c'),
  announcedByAnother: announce(tablet, 'c'),
  announced: announce(tablet, 'd'),
  sharedAgain: share(village.device, tablet.id, 9),
  sharedToAnother: share(village.device, village.device.id, 3),
  enteredAgain: enter(village.device),
  vouched: village.write(village.device, 'operations-2012-03', 'entry.vouch', { entry, private: sealedText('there') }),
  decidedOtherwise: decide(DAY, 'reject'),
  granted: village.write(village.device, 'members', 'data.grant', dataGrantOf(village, meter, village.founder.id)),
  rival: village.write(
    tablet,
    'settlement',
    'close.propose',
    closeBodyOf(village, { month: '2012-02', prev: first, root: `0x${'ee'.repeat(32)}` }),
  ),
  twin: village.write(tablet, 'operations-2012-01', 'note', 2, { twinOf: note, seen: [] }),
};
const lateRecords = Object.values(late);

const fold = (records: readonly KnownRecord[], from?: Checkpoint) =>
  foldRecords(village.id, records, { nowMs: village.nowMs, recover: recoverOnce, ...(from && { from }) });
const { checkpoint } = fold(settledRecords);
/** As a console keeps it: what grows with the months lies in rows, and nothing of it in memory. */
const onRows = (): Checkpoint => ({
  ...checkpoint,
  state: restate(checkpoint.state, (items) => items.standingOn(items.fork())),
  chains: checkpoint.chains.standingOn(checkpoint.chains.fork()),
});

test('what comes late for a settled month ends the same on a console that keeps that month in rows', () => {
  fc.assert(
    fc.property(fc.subarray(lateRecords), fc.integer(), (some, seed) => {
      const whole = fold(shuffle([...settledRecords, ...some], seed));
      const kept = fold(shuffle(some, seed + 1), onRows());
      // The first receipts and signatures of February lie outside its own cut.
      const rest = settledRecords.filter((r) => whole.state.outside.has(r.id));
      expect(fold([...rest, ...some], onRows()).state).toEqual(whole.state);
      expect(stateHash(fold([...some, ...rest], onRows()).state)).toBe(stateHash(whole.state));
      expect(kept.checkpoint.settled).toBe(whole.checkpoint.settled);
    }),
    { numRuns: 60 },
  );
});

test('a late record of a settled month counts or not as if the month were in memory', () => {
  const { state } = fold([...settledRecords, ...lateRecords.filter((r) => r !== late.twin)], onRows());
  const why = (r: KnownRecord): string => state.onHold.get(r.id) ?? '';
  expect(why(late.announcedAgain)).toBe('this segment is announced already');
  expect([why(late.announcedByAnother), why(late.announced)]).toEqual(['', '']);
  expect(announcementOf(state.segments, cid('c'), tablet.id)?.record).toBe(late.announcedByAnother.id);
  expect([why(late.enteredAgain), why(late.vouched)]).toEqual(['this entry exists', '']);
  expect(state.vouched.has(cid('c'))).toBe(true);
  expect(state.decisions.get(decisionKey(meter, DAY))?.action).toBe('reject');
  const shares = state.keyShares.get(shareId(scope, keyId));
  expect(shares?.get(tablet.id)?.get(village.device.id)?.box[0]).toBe(1);
  expect(shares?.get(village.device.id)?.get(village.device.id)?.box[0]).toBe(3);
  expect([...state.segments.values()].map((s) => s.cid)).toEqual([cid('c'), cid('c'), cid('d')]);
});

test('a twin of a settled record is seen though the chain it is off lies in rows', () => {
  const { state } = fold([...settledRecords, late.twin], onRows());
  expect(state.conflicts.map((c) => [c.kind, c.counts, c.onHold])).toEqual([['equivocation', note.id, late.twin.id]]);
  expect(state.devices.get(tablet.id)?.frozenFrom).not.toBeNull();
});
