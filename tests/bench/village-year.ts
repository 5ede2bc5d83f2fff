import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DAY_MS } from '#domain/time.ts';
import { NODE_FLAGS, startConsole } from '../e2e/start-console.ts';
import { type BenchEntry, type BenchOptions, type Compared, compare, type Row, spreadOf, takeTurns } from './bench.ts';
import { requireBuild } from './built-command.ts';
import { type Client, connect } from './connect.ts';
import { peakMbOf } from './peak-memory.ts';
import { runWorker, startWorker } from './run-worker.ts';
import { isHypercoreInstalled, transferHypercore } from './transfer.ts';
import { endOf, framesIn, readingsIn } from './workers/year.ts';

const DAYS = 365;
/** One entry to a reading is measured on so few, and extrapolated. */
const ORBIT_ENTRIES = 2000;

interface Served {
  readonly address: string;
  readonly village: string;
  readonly meter: string;
  readonly bytes: number;
  readonly pid: number;
}
interface Fetched {
  readonly seconds: number;
  readonly verifiedSeconds: number;
  readonly accountsSeconds: number;
  readonly peakMb: number | null;
  /** With the accounts. */
  readonly accountsPeakMb: number | null;
  readonly servingPeakMb: number | null;
  readonly bytes: number;
  readonly right: boolean;
}
interface Parts {
  readonly transfer: number | undefined;
  /** By node:crypto, as every Node program has it. */
  readonly verify: number;
  /** By what consoles verify with. */
  readonly verifyAsOurs: number;
  readonly insert: number;
  readonly right: boolean;
}

/** A village, consoles that joined it before its first day, and a year that was sealed while they were away. */
async function prepareYear(root: string, consoles: number, note: BenchOptions['note']): Promise<void> {
  const gateway = join(root, 'gateway');
  const founded = await startWorker<{ texts: string[] }>('year-found', { home: gateway, invitations: consoles });
  try {
    for (const [i, text] of founded.answer.texts.entries())
      await runWorker('year-join', { home: join(root, `console-${i}`), text, name: `Okot ${i}` });
  } finally {
    await founded.end();
  }
  note(`sealing ${DAYS} days`);
  await runWorker('year-seal', { home: gateway, days: DAYS });
}

/** The built console of a member who was away: from the dial until all is verified, and a meter and the village answer. */
async function fetchYear(home: string, served: Served): Promise<Fetched> {
  const { village, meter } = served;
  const console = await startConsole({ dataDir: home, clock: { offsetMs: endOf(DAYS) - Date.now() } });
  try {
    const { client, close } = await connect(console);
    const startMs = performance.now();
    const passed = (): number => (performance.now() - startMs) / 1000;
    await dial(client, served);
    for await (const { topic } of await client.changes({ since: 0 })) {
      if (topic !== 'readings') continue;
      const { fetching } = await client.sync.status({ village });
      if (fetching.verified.segments === DAYS) break;
    }
    const verifiedSeconds = passed();
    const month = { fromMs: endOf(DAYS) - 31 * DAY_MS, toMs: endOf(DAYS) };
    const { points } = await client.meters.series({ village, meter, ...month, stepMs: DAY_MS });
    await client.today.get({ village });
    const seconds = passed();
    const [peakMb, servingPeakMb] = [peakMbOf(console.pid), peakMbOf(served.pid)];
    const { energy } = await client.accounts.get({ village, month: '2025-12' });
    const accountsSeconds = passed() - seconds;
    const accountsPeakMb = peakMbOf(console.pid);
    const { fetching } = await client.sync.status({ village });
    close();
    return {
      seconds,
      verifiedSeconds,
      accountsSeconds,
      peakMb,
      accountsPeakMb,
      servingPeakMb,
      bytes: fetching.verified.bytes,
      right:
        fetching.verified.bytes === served.bytes &&
        fetching.lockedFrames === 0 &&
        points.length >= 31 &&
        points.every(({ wh }) => wh !== null && wh > 0n) &&
        (energy?.measured ?? 0n) > 0n,
    };
  } finally {
    await console.stop();
  }
}

/** A redial of an address from before may be under way, and its failure is this dial's too. */
async function dial(client: Client, { village, address }: Served): Promise<void> {
  for (let isConnected = false; !isConnected; ) {
    await client.sync.dial({ village, address, commandId: randomUUID() }).catch(() => undefined);
    isConnected = (await client.sync.status({ village })).peers.some((peer) => peer.connected);
  }
}

/** The same bytes, the same number of signatures and the same rows, each alone. */
async function measureParts(home: string, village: string, bytes: number): Promise<Parts> {
  const frames = framesIn(DAYS);
  const path = join(home, 'core', 'villages', village, 'village.sqlite');
  const transfer = isHypercoreInstalled() ? await transferHypercore(DAYS) : undefined;
  const verifyBy = (by: string) => runWorker<{ seconds: number; valid: number }>('year-verify', { count: frames, by });
  const verify = await verifyBy('node:crypto');
  const asOurs = await verifyBy('libsodium');
  const insert = await runWorker<{ seconds: number; rows: number }>('year-insert', { path });
  return {
    transfer: transfer && transfer.seconds * (bytes / transfer.bytes),
    verify: verify.seconds,
    verifyAsOurs: asOurs.seconds,
    insert: insert.seconds,
    right: verify.valid === frames && asOurs.valid === frames && insert.rows === frames,
  };
}

/** Stock OrbitDB with a reading to an entry, by the entry. */
async function secondsOfAnEntry(): Promise<number> {
  const source = await startWorker<object>('serve-stock', { count: ORBIT_ENTRIES });
  try {
    const { seconds } = await runWorker<{ seconds: number }>('fetch-stock', { count: ORBIT_ENTRIES, ...source.answer });
    return seconds / ORBIT_ENTRIES;
  } finally {
    await source.end();
  }
}

async function measureVillageYear({ runs, note }: BenchOptions): Promise<Row> {
  requireBuild();
  const root = mkdtempSync(join(tmpdir(), 'bench-year-'));
  try {
    await prepareYear(root, runs, note);
    const served = await startWorker<Served>(
      'year-serve',
      { home: join(root, 'gateway'), days: DAYS },
      { flags: NODE_FLAGS },
    );
    try {
      const turns = await takeTurns(runs, async (run) => {
        const home = join(root, `console-${run}`);
        const ours = await fetchYear(home, served.answer);
        const [village = ''] = readdirSync(join(home, 'core', 'villages'));
        return { ours, parts: await measureParts(home, village, served.answer.bytes) };
      });
      return toRow(turns, await secondsOfAnEntry());
    } finally {
      await served.end();
    }
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
}

function toRow(turns: readonly { readonly ours: Fetched; readonly parts: Parts }[], entrySeconds: number): Row {
  const medianOf = (pick: (turn: (typeof turns)[number]) => number): number => spreadOf(turns.map(pick)).median;
  const most = (pick: (turn: Fetched) => number | null): number => Math.max(...turns.map((t) => pick(t.ours) ?? 0));
  const ours = spreadOf(turns.map((turn) => turn.ours.seconds));
  const hasTransfer = turns.every(({ parts }) => parts.transfer !== undefined);
  const sumOf = ({ transfer = 0, verify, insert }: Parts): number => transfer + verify + insert;
  const sum = compare(
    ours,
    hasTransfer ? 'sum of the parts' : 'sum of the parts, WITHOUT the transfer (Hypercore is not installed)',
    turns.map(({ parts }) => sumOf(parts)),
  );
  const part = (name: string, pick: (parts: Parts) => number): Compared =>
    compare(
      ours,
      name,
      turns.map(({ parts }) => pick(parts)),
    );
  const withOurs = part(
    'sum of the parts with libsodium',
    ({ transfer = 0, verifyAsOurs, insert }) => transfer + verifyAsOurs + insert,
  );
  const readings = readingsIn(DAYS);
  const extrapolated = entrySeconds * readings;
  return {
    what: `a village-year (${readings} readings in ${framesIn(DAYS)} signed frames) to another process, verified and queryable`,
    unit: 's',
    ours,
    references: [
      sum,
      ...(hasTransfer ? [part('Hypercore transfer of as many bytes', (p) => p.transfer ?? 0)] : []),
      part('Ed25519 of as many signatures on as many threads, by node:crypto', (p) => p.verify),
      part('the same by libsodium, as consoles verify', (p) => p.verifyAsOurs),
      part('raw SQLite insert of the same rows', (p) => p.insert),
      withOurs,
    ],
    figures: { ratioToParts: sum.ratio, ratioToPartsByLibsodium: withOurs.ratio },
    notes: {
      mb: Math.round((turns[0]?.ours.bytes ?? 0) / 1e6),
      verifiedAfterS: Number(medianOf((t) => t.ours.verifiedSeconds).toFixed(2)),
      thenAccountsOfAMonthS: Number(medianOf((t) => t.ours.accountsSeconds).toFixed(2)),
      peakMb: most((t) => t.peakMb),
      accountsPeakMb: most((t) => t.accountsPeakMb),
      servingPeakMb: most((t) => t.servingPeakMb),
      orbitDbEntryPerReadingS_EXTRAPOLATED: Math.round(extrapolated),
      orbitDbRatio_EXTRAPOLATED: Math.round(extrapolated / ours.median),
      orbitDbMeasuredEntries: ORBIT_ENTRIES,
    },
    right: turns.every(({ ours: own, parts }) => own.right && parts.right),
  };
}

export const villageYearEntry: BenchEntry = { name: 'villageYear', group: 'replicate', measure: measureVillageYear };
