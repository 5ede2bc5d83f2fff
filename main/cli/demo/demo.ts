import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppError } from '#core/ports/errors.ts';
import { DAY_MS, dayStart, HOUR_MS, monthSpan } from '#domain/time.ts';
import { findDemoSite } from '#meter-drivers/demo-site/find-demo-site.ts';
import { type CommandCall, readInteger, readText, UsageError } from '../command.ts';
import { type Cast, createCast } from './cast.ts';
import { type DemoPlant, startDemoPlant } from './demo-plant.ts';
import { type DemoResult, printTable, resultOf, toJson } from './report.ts';

const ZONE_MIN = 180;
const POLL_MS = HOUR_MS / 2;
const LINE_LIMIT_W = 1000;
const OWN_SITE = { from: '2026-03-01', days: 31 };

interface DemoOptions {
  readonly site: string;
  readonly from: string;
  readonly days: number;
  readonly peers: number;
}

/** `gridpact demo`: the whole job on real processes. Exit 0 only if everything ties. */
export async function runDemo({ values, io }: CommandCall): Promise<number> {
  const options = readOptions(values);
  const json = values['json'] === true;
  const say = (line: string): void => (json ? io.note(line) : io.print(line));
  const result = await playMonth(options, say, io.signal);
  if (json) io.print(toJson(result));
  else for (const line of printTable(result)) io.print(line);
  return result.ok ? 0 : 1;
}

function readOptions(values: CommandCall['values']): DemoOptions {
  const site = readText(values, 'site');
  const from = readText(values, 'from') ?? (site ? undefined : OWN_SITE.from);
  if (!from) throw new UsageError('--site needs --from: the first day of the month to replay, YYYY-MM-DD.');
  if (!/^\d{4}-\d{2}-01$/.test(from))
    throw new UsageError(`--from ${from} is not the first day of a month (YYYY-MM-01); the demo closes one month.`);
  const { from: startMs, to: endMs } = monthSpan(from.slice(0, 7), { offsetMin: ZONE_MIN });
  const length = (endMs - startMs) / DAY_MS;
  const days = readInteger(values, 'days', { min: 1, max: length }) ?? length;
  return { site: site ?? findDemoSite(), from, days, peers: readInteger(values, 'peers', { min: 1, max: 8 }) ?? 3 };
}

async function playMonth(options: DemoOptions, say: (line: string) => void, signal: AbortSignal): Promise<DemoResult> {
  const dir = mkdtempSync(join(tmpdir(), 'gridpact-demo-'));
  const zone = { offsetMin: ZONE_MIN };
  const fromMs = dayStart(options.from, zone);
  const month = options.from.slice(0, 7);
  let plant: DemoPlant | undefined;
  const cast = createCast({ dir, peers: options.peers, startMs: fromMs - 6 * HOUR_MS, say });
  const stop = (): void => {
    for (const { name, asked } of cast.peers) if (asked.length > 0) say(`${name} was still at: ${asked.join(', ')}.`);
    void cast.stop();
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    const { site, from, days } = options;
    const [running] = await Promise.all([
      startDemoPlant({ site, from, days, zoneOffsetMin: ZONE_MIN }, say),
      cast.setTime(fromMs - 6 * HOUR_MS),
    ]);
    plant = running;
    say(`A simulated plant of ${plant.meters.length} meters answers on Modbus TCP port ${plant.modbusPort}.`);
    await plant.setTime(fromMs);
    const people = await gather(cast, running, say);
    const middle = fromMs + Math.floor(options.days / 2) * DAY_MS;
    const end = fromMs + options.days * DAY_MS;
    await apart(cast, say, async () => {
      await read(cast, running, fromMs, middle, say);
      await cast.second.ask('draft', { ...people, month });
      const own = await cast.second.ask('signAgreement', {
        agreement: (await cast.second.ask('draft', { ...people, month })).agreement,
      });
      say(`${cast.second.name}, offline, drafts the host-lease and signs it (${own.signed}).`);
    });
    await signAll(cast, { ...people, month }, say);
    await apart(cast, say, async () => {
      await read(cast, running, middle, end, say);
      await cast.last.ask('members', { people: [{ name: 'Auditor', roles: ['auditor'] }] });
      say(`${cast.last.name}, offline, admits an auditor.`);
    });
    await cast.setTime(monthSpan(month, zone).to + HOUR_MS);
    await closeMonth(cast, month, say);
    await cast.converge('after settling');
    const figures = await Promise.all(cast.peers.map((p) => p.ask('figures', { month })));
    return resultOf(siteNameOf(running), cast.peers.length, figures);
  } finally {
    signal.removeEventListener('abort', stop);
    await cast.stop();
    await plant?.stop();
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

const siteNameOf = (plant: DemoPlant): string =>
  plant.meters[0]?.site ?? plant.meters[0]?.key.replace(/_\d+$/, '') ?? 'village';

export interface DemoPeople {
  readonly owner: string;
  readonly host: string;
  readonly grid: string;
  readonly hostMeter: string;
  readonly neighbours: { member: string; meter: string }[];
}

/** Founding, invitations, members, meters, and two of three coordinators. */
async function gather(cast: Cast, plant: DemoPlant, say: (line: string) => void): Promise<DemoPeople> {
  const [first, ...others] = cast.peers;
  if (!first) throw new AppError('BAD_INPUT', 'The demo needs at least one peer.');
  const { village } = await first.ask('found', {
    name: siteNameOf(plant),
    currency: { code: 'UGX', exponent: 0 },
    zoneOffsetMin: ZONE_MIN,
    person: first.name,
    simulated: true,
  });
  say(`${first.name} founds the village ${village.slice(0, 8)} and owns its chain.`);
  for (const [i, peer] of others.entries()) {
    const { text } = await first.ask('invite', {
      name: peer.name,
      roles: i === 0 ? ['owner', 'coordinator'] : ['coordinator'],
    });
    await peer.ask('join', { text, name: peer.name });
    say(`${peer.name} joins with an invitation of ${text.length} characters.`);
  }
  await cast.learnAddresses();
  await cast.converge('after joining');
  const member = async (name: string, role: string): Promise<string> =>
    (await first.ask('members', { people: [{ name, roles: [role] }] })).members[0] ?? '';
  const named = async (name: string): Promise<string> => {
    const { member: id } = await first.ask('memberNamed', { name });
    if (!id) throw new AppError('NOT_FOUND', `${name} is not a member yet.`);
    return id;
  };
  const missing = Math.max(0, 3 - cast.peers.length);
  const owner = cast.peers.length > 1 ? await named(cast.second.name) : await member('Owner', 'owner');
  const coordinators = [await named(first.name)];
  for (const p of others.slice(0, 2)) coordinators.push(await named(p.name));
  const stand = others.length === 0 ? [owner] : [];
  for (let i = stand.length; i < missing; i++) stand.push(await member(`Coordinator ${i + 2}`, 'coordinator'));
  await first.ask('coordinators', { members: coordinators, threshold: Math.min(2, coordinators.length) });
  const grid = await member('Grid provider', 'grid-provider');
  const circuitOf = (key: string): number => Number(/_(\d+)$/.exec(key)?.[1] ?? -1);
  const circuits = plant.meters.filter((m) => m.role !== 'site');
  const { members } = await first.ask('members', {
    people: circuits.map(({ key }) =>
      circuitOf(key) === 1
        ? { name: `Host ${key}`, roles: ['prosumer'] }
        : { name: `Home ${key}`, roles: ['consumer'] },
    ),
  });
  const people = new Map(circuits.map(({ key }, i) => [circuitOf(key), members[i] ?? '']));
  const meters = new Map<number, string>();
  for (const m of plant.meters) {
    const circuit = circuitOf(m.key);
    const isSite = m.role === 'site';
    const person = isSite ? null : (people.get(circuit) ?? null);
    const { meter } = await first.ask('meter', {
      name: m.key,
      kind: isSite ? 'site' : 'use',
      member: person,
      limitW: LINE_LIMIT_W,
      model: m.model,
      port: plant.modbusPort,
      unit: m.unit,
    });
    meters.set(circuit, meter);
  }
  say(`${people.size} households and ${plant.meters.length} meters are in the books.`);
  await cast.converge('after the first books');
  const neighbours = [...people]
    .filter(([c]) => c !== 1)
    .map(([c, person]) => ({ member: person, meter: meters.get(c) ?? '' }));
  return { owner, host: people.get(1) ?? '', grid, hostMeter: meters.get(1) ?? '', neighbours };
}

async function apart(cast: Cast, say: (line: string) => void, work: () => Promise<void>): Promise<void> {
  await cast.setOnline(false);
  say('The links are cut.');
  await work();
  await cast.setOnline(true);
  await cast.converge('after the links came back');
  say('The links are back: every console has the same books.');
}

async function read(
  cast: Cast,
  plant: DemoPlant,
  fromMs: number,
  toMs: number,
  say: (line: string) => void,
): Promise<void> {
  const { readings } = await plant.withPlant(() =>
    cast.first.ask('acquire', {
      controlPort: plant.controlPort,
      fromMs,
      toMs,
      pollMs: POLL_MS,
      stepMs: HOUR_MS,
    }),
  );
  cast.noteTime(toMs);
  say(
    `${cast.first.name} reads ${readings} registers over Modbus up to ${new Date(toMs).toISOString().slice(0, 10)}, sealed day by day.`,
  );
}

async function signAll(
  cast: Cast,
  terms: DemoPeople & { readonly month: string },
  say: (line: string) => void,
): Promise<void> {
  const { agreement } = await cast.first.ask('draft', terms);
  for (const peer of cast.peers) await peer.ask('signAgreement', { agreement });
  await cast.converge('after signing');
  const { effective } = await cast.first.ask('signAgreement', { agreement });
  if (!effective)
    throw new AppError('AGREEMENT_INCOMPLETE', 'The agreement lacks a signature after everyone was asked.');
  say('Everyone has signed; the agreement is in force.');
}

async function closeMonth(cast: Cast, month: string, say: (line: string) => void): Promise<void> {
  const { digest } = await cast.first.ask('close', { month });
  await cast.first.ask('signClose', { month, digest });
  say(`${cast.first.name} closes ${month} and signs ${digest.slice(0, 10)}.`);
  await cast.converge('after the close was proposed');
  for (const peer of cast.peers.slice(1)) {
    const { enough } = await peer.ask('signClose', { month, digest });
    say(`${peer.name} comes to the same statements and signs.`);
    if (enough) break;
  }
  await cast.converge('after co-signing');
  await cast.first.ask('settle', {});
  say('The batch is settled on the chain and its receipt is in the books.');
}
