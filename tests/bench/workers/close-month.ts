import { createHash, createPublicKey, verify } from 'node:crypto';
import { accountsAt } from '#core/accounts/closing.ts';
import type { OpenVillage } from '#core/console.ts';
import { fromHex } from '#domain/bytes.ts';
import { frameMessage, type Segment } from '#domain/metering/frame.ts';
import { readSegment } from '#domain/metering/frame-reader.ts';
import { sum } from '#domain/money/money.ts';
import type { MonthAccounts } from '#domain/settlement/accounts.ts';
import { ZERO_HASH } from '#domain/village/state.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { insertHours, openHourTable } from './hour-table.ts';
import { HOST_PRICE, NEIGHBOUR_PRICE, sealMonth } from './sealed-month.ts';
import {
  createLedClock,
  foundSite,
  LINE_LIMIT_W,
  MONTH,
  openConsole,
  readSite,
  readSiteText,
  SPAN,
} from './village-month.ts';

interface Bills {
  readonly wh: bigint;
  readonly host: bigint;
  readonly neighbours: bigint;
}

/** The plainest way to the same bills: energy of each circuit by SQL, spikes left out, times the price. No books, no proofs. */
function billBySql(db: ReturnType<typeof openHourTable>): Bills {
  const query = db.prepare(`
    with register as (select circuit, tenths, sum(tenths) over (partition by circuit order by at) as total from hour),
      step as (select circuit, total / 10 - (total - tenths) / 10 as wh from register)
    select circuit, sum(wh) as wh from step where circuit > 0 and wh <= ? group by circuit`);
  query.setReadBigInts(true);
  let [wh, host, neighbours] = [0n, 0n, 0n];
  for (const row of query.all(LINE_LIMIT_W)) {
    const circuitWh = row['wh'] as bigint;
    wh += circuitWh;
    if (row['circuit'] === 1n) host += (circuitWh * HOST_PRICE + 500n) / 1000n;
    else neighbours += (circuitWh * NEIGHBOUR_PRICE + 500n) / 1000n;
  }
  return { wh, host, neighbours };
}

function billsOf({ energy, obligations }: MonthAccounts): Bills {
  const of = (...kinds: string[]): bigint =>
    sum(obligations.filter((o) => kinds.includes(o.kind)).map((o) => o.amount));
  return {
    wh: energy.measuredWh,
    host: of('host-charge'),
    neighbours: of('wheeling', 'owner-share', 'host-share'),
  };
}

const areSame = (a: Bills, b: Bills): boolean => a.wh === b.wh && a.host === b.host && a.neighbours === b.neighbours;

async function readSegments({ village }: OpenVillage): Promise<Segment[]> {
  const cids = [...village.state().segments.keys()];
  const options = { signal: AbortSignal.timeout(60_000), localOnly: true };
  return await Promise.all(cids.map(async (cid) => readSegment(await village.node.getBlock(cid, options))));
}

/** What no honest recomputation from the signed frames can do without: a hash and a signature check of each. */
function verifyFrames(village: string, segments: readonly Segment[]): number {
  let valid = 0;
  for (const { device, frames } of segments) {
    const x = Buffer.from(fromHex(device)).toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    for (const { box, leaf, sig } of frames) {
      createHash('sha256').update(box).digest();
      if (verify(null, frameMessage(village, leaf), key, sig)) valid += 1;
    }
  }
  return valid;
}

const { dir } = readInput();
const clock = createLedClock(SPAN.from);
const text = readSiteText();
const preparing = await openConsole(dir, clock);
const founded = await foundSite(preparing.console);
await sealMonth(founded, readSite(text));
await preparing.stop();

// opened again: a coordinator's console that has everything and has computed nothing
clock.set(SPAN.to + 3_600_000);
const opened = await openConsole(dir, clock);
const open = opened.console.find(founded.village.id);
const { village } = open;
await village.segments.fetch();
const cut = village.nameCut();

const startMs = performance.now();
const closed = await accountsAt(village, MONTH, ZERO_HASH, cut);
const seconds = secondsSince(startMs);
const againMs = performance.now();
await accountsAt(village, MONTH, ZERO_HASH, cut);
const againSeconds = secondsSince(againMs);
const peakMb = peakMbOf('self');

const db = openHourTable(dir);
insertHours(db, text);
const sqlMs = performance.now();
const bills = billBySql(db);
const sqlSeconds = secondsSince(sqlMs);

const segments = await readSegments(open);
const frames = segments.reduce((n, segment) => n + segment.frames.length, 0);
const verifyMs = performance.now();
const valid = verifyFrames(village.id, segments);
const verifySeconds = secondsSince(verifyMs);

const right = closed.ok && areSame(billsOf(closed.accounts), bills) && valid === frames && bills.host > 0n;
const records = village.index.size;
await answer({ seconds, againSeconds, sqlSeconds, verifySeconds, peakMb, records, frames, right }, () => opened.stop());
