import { cidOf, utf8 } from '#domain/bytes.ts';
import { DAY_MS, dayOf, HOUR_MS, monthOf, monthSpan, nextMonth, UTC } from '#domain/time.ts';
import { batchOf } from '#domain/village/fold-settlement.ts';
import { decisionKey, ZERO_HASH } from '#domain/village/state.ts';
import { answer, readInput } from './answer.ts';
import { createLedClock, enterMeter, foundSite, openConsole, PIN, ZONE } from './village-month.ts';

const DECISIONS = 8;
const START_MS = Date.UTC(2012, 0, 2);

/** A village whose months are closed: each with its announcements, decisions, close, signature and receipt. */
const { home, months } = readInput<{ home: string; months: number }>();
const clock = createLedClock(START_MS);
const opened = await openConsole(home, clock);
const open = await foundSite(opened.console);
const { village } = open;
const meter = await enterMeter(open, 'mill', null);
const key = await village.keystore.unlock(village.row.member, PIN);
const { founding } = village.state();
if (!founding) throw new Error('the village is not founded');

let prev = ZERO_HASH;
let month = monthOf(START_MS, ZONE);
for (let n = 0; n < months; n++) {
  const { from, to } = monthSpan(month, ZONE);
  clock.set(to + HOUR_MS);
  const firstDay = Math.ceil(from / DAY_MS) * DAY_MS;
  const days: number[] = [];
  for (let dayMs = firstDay; dayMs + DAY_MS <= to; dayMs += DAY_MS) days.push(dayMs);
  const cids = days.map((dayMs) => cidOf(utf8(`segment of ${dayMs}`)));
  village.store.putSegments(
    cids.map((cid) => ({ cid, state: 'verified' as const, reason: '', bytes: 60_000, frames: [], locked: [] })),
  );
  await village.act([
    ...days.map((fromMs, i) => ({
      book: `segments-${dayOf(fromMs, UTC).slice(0, 7)}`,
      kind: 'segment.announce',
      body: {
        cid: cids[i],
        day: dayOf(fromMs, UTC),
        root: new Uint8Array(32),
        frames: 200,
        bytes: 60_000,
        fromMs,
        toMs: fromMs + DAY_MS,
        prev: null,
      },
    })),
    ...days.slice(0, DECISIONS).map((fromMs) => ({
      book: `operations-${month}`,
      kind: 'vee.decide',
      body: {
        meter,
        fromMs,
        action: 'accept',
        private: village.seal('decision', decisionKey(meter, fromMs), { text: 'seen on the display' }),
      },
    })),
  ]);
  const records = village.nameCut();
  const at = village.atCut(prev, records);
  const checkpoint = (at.ok ? at.checkpoint : null) ?? ZERO_HASH;
  const cut = { segments: cids.toSorted(), records, checkpoint, rules: 1 as const };
  const close = { month, prev, root: `0x${'ab'.repeat(32)}`, cut, lanes: [] };
  const { digest } = batchOf({ village: village.id, zone: ZONE, ...close }, founding.chain);
  const member = village.row.member;
  const receipt = { digest, txHash: `0x${'cd'.repeat(32)}`, block: n + 1, gasUsed: 90_000, final: true };
  await village.act([
    { book: 'settlement', kind: 'close.propose', body: { ...close, digest } },
    { book: 'settlement', kind: 'close.sign', body: { digest, signer: member, sig: key.sign(digest) } },
    { book: 'settlement', kind: 'close.receipt', body: receipt },
  ]);
  prev = digest;
  month = nextMonth(month);
}
const hash = village.stateHash();
const { size } = village.index;
await opened.stop();
await answer({ hash, records: size, closed: village.state().epochs.length, atMs: clock.now() });
