import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cidOf, utf8 } from '#domain/bytes.ts';
import type { Frame } from '#domain/metering/frame.ts';
import { accountsOf, type FrameFact } from '#domain/settlement/accounts.ts';
import type { ObligationKind } from '#domain/settlement/obligations.ts';
import { draftLease, energyIn, historiesOf, leaseOf, signBodyOf } from '#domain/settlement/settlement-fixture.ts';
import { DAY_MS, dayOf, HOUR_MS, monthSpan, UTC } from '#domain/time.ts';
import { addMember, addMeter, foundVillage } from '#domain/village/village-fixture.ts';

/** Real months of two Ugandan villages (UTC+3), hourly Wh per circuit; column 0 is the site total. */
const DATA = fileURLToPath(new URL('../../../shared/data/villages/', import.meta.url));
const present = existsSync(DATA);
if (!present) process.stderr.write(`\nSKIPPED: the months of real villages, for ${DATA} is not there.\n\n`);

/** Tenths of Wh of each circuit by the UTC start of the hour. */
function readTenths(site: string): Map<number, readonly (bigint | null)[]> {
  const [, ...lines] = readFileSync(`${DATA}${site}-hourly-wh.csv`, 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [hour = '', ...cells] = line.split(',');
      const atMs = Date.parse(`${hour.replace(' ', 'T')}+03:00`);
      return [atMs, cells.map((c) => (c === '' ? null : BigInt(Math.round(Number(c) * 10))))];
    }),
  );
}

/** What a meter tells over a month by UTC days: it answers at both edges of a recorded hour and is silent otherwise. */
function framesOf(
  { meter, gateway }: { readonly meter: string; readonly gateway: string },
  tenthsAt: (ms: number) => bigint | null,
  from: number,
  to: number,
): Frame[] {
  const frames: Frame[] = [];
  let register = 0n;
  for (let day = from - (from % DAY_MS); day < to; day += DAY_MS) {
    const hours = Array.from({ length: 24 }, (_, h) => day + h * HOUR_MS);
    const edges: (bigint | null)[] = [];
    for (const at of hours) {
      const answers = tenthsAt(at - HOUR_MS) !== null || tenthsAt(at) !== null;
      edges.push(answers ? register / 10n : null);
      register += tenthsAt(at) ?? 0n;
    }
    const last = day + DAY_MS;
    edges.push(tenthsAt(last - HOUR_MS) !== null || tenthsAt(last) !== null ? register / 10n : null);
    frames.push({
      v: 1,
      meter,
      gateway,
      fromMs: day,
      stepMs: HOUR_MS,
      importWh: edges,
      exportWh: null,
      asked: hours.map(() => 60),
      answered: hours.map((at) => (tenthsAt(at) === null ? 0 : 60)),
      clock: 'synchronised',
      origin: 'gateway',
      prev: null,
      salt: new Uint8Array(16),
    });
  }
  return frames;
}

function accountMonth(site: string, month: string) {
  const rows = readTenths(site);
  const columns = rows.values().next().value?.length ?? 0;
  const village = foundVillage();
  const [host, grid] = [addMember(village, 'Baraka'), addMember(village, 'Grid', 'grid-provider')];
  const meters = Array.from({ length: columns }, (_, i) => addMeter(village, `${site}_${i}`, i === 0 ? 'site' : 'use'));
  const neighbours = meters.slice(2).map((meter, i) => ({ meter, person: addMember(village, `Neighbour ${i}`) }));
  const terms = leaseOf({
    owner: village.founder.id,
    host: host.id,
    grid: grid.id,
    hostMeter: meters[1] as string,
    neighbours: neighbours.map(({ meter, person }) => ({ member: person.id, meter })),
  });
  draftLease(village, village.device, terms);
  for (const person of [village.founder, host, grid, ...neighbours.map((n) => n.person)])
    village.write(village.device, 'agreements', 'agreement.sign', signBodyOf(village, terms, person.id, person));

  const { from, to } = monthSpan(month, { offsetMin: 180 });
  const facts: FrameFact[] = meters.flatMap((meter, i) => {
    const tenthsAt = (ms: number) => (ms >= from && ms < to ? (rows.get(ms)?.[i] ?? null) : null);
    return framesOf({ meter, gateway: village.device.id }, tenthsAt, from, to).map((frame) => {
      const day = dayOf(frame.fromMs, UTC);
      return { segment: cidOf(utf8(day)), frame, signatureOk: true };
    });
  });
  for (const day of new Set(facts.map((f) => dayOf(f.frame.fromMs, UTC)))) {
    const fromMs = Date.parse(`${day}T00:00:00Z`);
    const span = { fromMs, toMs: fromMs + DAY_MS };
    const body = {
      cid: cidOf(utf8(day)),
      day,
      root: new Uint8Array(32),
      frames: columns,
      bytes: 1,
      ...span,
      prev: null,
    };
    village.write(village.device, `segments-${day.slice(0, 7)}`, 'segment.announce', body);
  }
  const state = village.fold();
  return accountsOf(state, energyIn(state, historiesOf(state, facts)), month);
}

test.skipIf(!present).each([
  [
    'ug01',
    '2012-01',
    { recordedHours: 3325, spikes: 1, held: 32_993n, circuits: 11_572n, site: 32_363n, unattributed: 20_791n },
    { hostCharge: 336n, rent: 50n, neighboursPay: 1781n, grid: 100n, ownerShare: 1008n, hostShare: 673n },
  ],
  [
    'ug01',
    '2013-05',
    { recordedHours: 2709, spikes: 9, held: 15_203n, circuits: 34_750n, site: null, unattributed: null },
    { hostCharge: 626n, rent: 94n, neighboursPay: 5692n, grid: 315n, ownerShare: 3226n, hostShare: 2151n },
  ],
  [
    'ug03',
    '2013-03',
    { recordedHours: 1988, spikes: 0, held: 0n, circuits: 34_002n, site: 47_132n, unattributed: 13_130n },
    { hostCharge: 2477n, rent: 372n, neighboursPay: 3891n, grid: 216n, ownerShare: 2205n, hostShare: 1470n },
  ],
])('%s in %s gives the energy and the money of the scheme to the last unit', (site, month, energy, money) => {
  const accounts = accountMonth(site, month);
  const totals = [...accounts.meters.values()];
  const sum = (...kinds: ObligationKind[]) =>
    accounts.obligations.filter((o) => kinds.includes(o.kind)).reduce((a, o) => a + o.amount, 0n);
  expect({
    recordedHours: totals.reduce((a, t) => a + t.recorded, 0),
    spikes: totals.reduce((a, t) => a + t.spikes, 0),
    held: accounts.energy.heldWh,
    circuits: accounts.energy.measuredWh,
    site: accounts.energy.siteWh,
    unattributed: accounts.energy.unattributedWh,
  }).toEqual(energy);
  expect({
    hostCharge: sum('host-charge'),
    rent: sum('host-rent'),
    neighboursPay: sum('wheeling', 'owner-share', 'host-share'),
    grid: sum('wheeling'),
    ownerShare: sum('owner-share'),
    hostShare: sum('host-share'),
  }).toEqual(money);
  expect(accounts.statements.reduce((a, s) => a + s.net, 0n)).toBe(0n);
});
