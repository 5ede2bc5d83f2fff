import { randomBytes } from 'node:crypto';
import { keyIdOf } from '#core/crypto/aead.ts';
import { newSeed } from '#core/crypto/device-keys.ts';
import { openKeyRing } from '#core/village/key-ring.ts';
import type { Village } from '#core/village/open-village.ts';
import { createRecordIndex, knownRecord } from '#core/village/record-index.ts';
import { noChains } from '#domain/books/chains.ts';
import type { SignedRecord } from '#domain/books/record.ts';
import { cidOf, utf8 } from '#domain/bytes.ts';
import { meterScope } from '#domain/membership/audiences.ts';
import { DAY_MS, dayOf, HOUR_MS, type Month, monthOf, monthSpan, nextMonth, UTC } from '#domain/time.ts';
import { MAX_SHARED_KEYS } from '#domain/village/fold-members.ts';
import { batchOf } from '#domain/village/fold-settlement.ts';
import { decisionKey, ZERO_HASH } from '#domain/village/state.ts';
import { answer, readInput } from './answer.ts';
import { createLedClock, foundSite, openConsole, PIN, ZONE } from './village-month.ts';
import { enterMeters } from './year.ts';

/** What a village of 200 meters behind three gateways, which announce every hour, leaves in its books each month. */
const GATEWAYS = 3;
const DECISIONS = 8;
/** Devices beside this one that a meter's key is sealed to: household, owner, host, grid, two coordinators. */
const AUDIENCE = 6;
const LAST_MONTH = '2026-09';

const { home, months } = readInput<{ home: string; months: number }>();
const monthsBack = (month: Month, n: number): Month => {
  const first = new Date(monthSpan(month, UTC).from);
  first.setUTCMonth(first.getUTCMonth() - n);
  return monthOf(first.getTime(), UTC);
};
const firstMonth = monthsBack(LAST_MONTH, months - 1);
const startMs = monthSpan(firstMonth, ZONE).from;
const clock = createLedClock(startMs);
const opened = await openConsole(home, clock);
const open = await foundSite(opened.console);
await enterMeters(open);
const { village } = open;
const { founding } = village.state();
if (!founding) throw new Error('the village is not founded');
const { chain } = founding;
const key = await village.keystore.unlock(village.row.member, PIN);
const meters = [...village.state().meters.keys()];
const ring = openKeyRing(opened.console.store, opened.console.dataKey, village.id, village.keys.id);
const audience = Array.from({ length: AUDIENCE }, () => randomBytes(32).toString('hex'));

/** Writes as a console does, many records to an entry, and leaves the folding to the next opening. */
function createWriter({ keys, node, id, index }: Village) {
  const heads = createRecordIndex({ recordBytes: () => undefined, settledRecords: () => 0 });
  heads.restore(index.heads(), noChains());
  let waiting = new Map<string, SignedRecord[]>();
  let positions: Record<string, Record<string, { seq: number; id: string }>> = {};
  for (const { book, device, seq, id: record } of index.heads()) positions[book] = { [device]: { seq, id: record } };
  return {
    write(book: string, kind: string, body: unknown): void {
      const [signed] = heads.make(keys, id, [{ book, kind, body }], clock.now(), () => false);
      const record = signed && knownRecord(signed.bytes);
      if (!record) throw new Error(`a record of kind ${kind} does not read`);
      heads.add([record]);
      const list = waiting.get(book);
      if (list) list.push(signed);
      else waiting.set(book, [signed]);
      positions[book] = { [keys.id]: { seq: record.seq, id: record.id } };
    },
    /** What was written since the last cut. */
    takeCut() {
      const cut = positions;
      positions = {};
      return cut;
    },
    async flush(): Promise<void> {
      for (const [book, records] of waiting) await node.append(book, records);
      waiting = new Map();
      heads.clear();
    },
  };
}
const writer = createWriter(village);

let last: string | null = null;

/** The segment of a gateway, and the one it follows: one device announces them all. */
function announce(fromMs: number, gateway: number): { readonly cid: string; readonly prev: string | null } {
  const day = dayOf(fromMs, UTC);
  const cid = cidOf(utf8(`segment of ${fromMs} by ${gateway}`));
  const frames = Math.ceil(meters.length / GATEWAYS);
  const root = new Uint8Array(randomBytes(32));
  const prev = last;
  last = cid;
  writer.write(`segments-${day.slice(0, 7)}`, 'segment.announce', {
    cid,
    day,
    root,
    frames,
    bytes: 24_000,
    prev,
    fromMs,
    toMs: fromMs + HOUR_MS,
  });
  return { cid, prev };
}

/** A new key for each meter and UTC month, sealed to everybody who may read it. */
function shareKeys(month: Month): void {
  const made = meters.map((meter) => {
    const bytes = newSeed();
    return { id: keyIdOf(bytes), key: bytes, scope: meterScope(meter, month), giver: village.keys.id };
  });
  ring.add(made);
  const perRecord = Math.floor(MAX_SHARED_KEYS / AUDIENCE);
  for (let at = 0; at < made.length; at += perRecord) {
    const shares = made.slice(at, at + perRecord).map(({ id, scope }) => ({
      key: id,
      scope,
      sealed: audience.map((device) => ({
        device,
        ephemeral: new Uint8Array(randomBytes(32)),
        iv: new Uint8Array(randomBytes(12)),
        box: new Uint8Array(randomBytes(48)),
      })),
    }));
    writer.write(`segments-${month}`, 'key.share', { shares });
  }
}

function decide(month: Month, fromMs: number): void {
  for (const meter of meters.slice(0, DECISIONS)) {
    const fields = village.seal('decision', decisionKey(meter, fromMs), { text: 'seen on the display' });
    writer.write(`operations-${month}`, 'vee.decide', { meter, fromMs, action: 'accept', private: fields });
  }
}

function close(month: Month, prev: string, block: number): string {
  const cut = { records: writer.takeCut(), checkpoint: ZERO_HASH, rules: 1 as const };
  const body = { month, prev, root: `0x${'ab'.repeat(32)}`, cut, lanes: [] };
  const { digest } = batchOf({ village: village.id, zone: ZONE, ...body }, chain);
  const signer = village.row.member;
  writer.write('settlement', 'close.propose', { ...body, digest });
  writer.write('settlement', 'close.sign', { digest, signer, sig: key.sign(digest) });
  const receipt = { digest, txHash: `0x${'cd'.repeat(32)}`, block, gasUsed: 90_000, final: true };
  writer.write('settlement', 'close.receipt', receipt);
  return digest;
}

let prev = ZERO_HASH;
let month = firstMonth;
for (let n = 1; n <= months; n++) {
  const { from, to } = monthSpan(month, ZONE);
  clock.set(to + HOUR_MS);
  const announced: ReturnType<typeof announce>[] = [];
  for (let atMs = from; atMs < to; atMs += HOUR_MS)
    for (let gateway = 0; gateway < GATEWAYS; gateway++) announced.push(announce(atMs, gateway));
  shareKeys(month);
  decide(month, from + DAY_MS);
  village.store.putSegments(
    announced.map(({ cid, prev }) => ({
      cid,
      state: 'verified' as const,
      reason: '',
      against: null,
      bytes: 24_000,
      frames: [],
      locked: [],
      chain: { device: village.keys.id, prev, frames: [] },
    })),
  );
  prev = close(month, prev, n);
  await writer.flush();
  month = nextMonth(month);
}
await opened.stop();
await answer({ atMs: clock.now() });
