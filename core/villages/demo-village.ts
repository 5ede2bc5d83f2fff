import { draftAgreement, signAgreement } from '#core/agreements/agreements-procedures.ts';
import type { Console, OpenVillage } from '#core/console.ts';
import type { JobControl } from '#core/jobs.ts';
import { addPerson } from '#core/members/members-procedures.ts';
import { addAsset, addMeter } from '#core/metering/meters-procedures.ts';
import { sealUntil } from '#core/metering/sealing.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { MeterAddress } from '#core/ports/meter-driver.ts';
import type { Plant, PlantMeter } from '#core/ports/plant.ts';
import { partiesOf, termsHash } from '#domain/agreement/terms.ts';
import { operatorsDigest } from '#domain/settlement/batch.ts';
import { DAY_MS, HOUR_MS, monthOf, monthSpan } from '#domain/time.ts';
import { keyOf } from '#domain/village/state.ts';
import { foundVillage } from './founding.ts';

/** The demo's people all sign with this PIN; the console says so on the demo's own screens. */
export const DEMO_PIN = '1234';
const NAME = 'Kwa Mtoni';
const ZONE_MIN = 180;
const SEED = 7;
const POLL_MS = 10_000;
const preference = (village: string): string => `demo|${village}`;

/** A clock that stands where it is put until it is let go. */
interface HeldClock extends Clock {
  hold(atMs: number): void;
  letGo(): void;
}
function heldClock(real: Clock, atMs: number): HeldClock {
  let held: number | undefined = atMs;
  return {
    now: () => held ?? real.now(),
    hold: (ms) => {
      held = ms;
    },
    letGo: () => {
      held = undefined;
    },
  };
}

/** Starts (once) the job that makes the demo village; a console that has one answers the job that made it. */
export function startDemo(console: Console): string {
  const running = console.demo.job ? console.jobs.list().find((j) => j.job === console.demo.job) : undefined;
  if (running && running.state === 'running') return running.job;
  const job = console.jobs.start('demo', async (control) => {
    const known = console.demo.village;
    if (known) return { village: known };
    const open = await makeDemo(console, control);
    console.demo.village = open.village.id;
    console.changes.notify('villages', null);
    return { village: open.village.id };
  });
  console.demo.job = job;
  return job;
}

async function makeDemo(console: Console, control: JobControl): Promise<OpenVillage> {
  const realNow = console.options.clock.now();
  const zone = { offsetMin: ZONE_MIN };
  const lastMonth = monthSpan(monthOf(monthSpan(monthOf(realNow, zone), zone).from - 1, zone), zone);
  const fromMs = lastMonth.from;
  const clock = heldClock(console.options.clock, fromMs - DAY_MS);
  control.progress('founding', 0, 6);
  const plant = await console.options.startPlant({ kind: 'village', seed: SEED, fromMs: fromMs + ZONE_MIN * 60_000 });
  const { open } = await foundVillage(console, {
    name: NAME,
    currency: { code: 'TZS', exponent: 2 },
    zoneOffsetMin: ZONE_MIN,
    you: { name: 'Neema Mollel', roles: ['coordinator', 'consumer'] },
    pin: DEMO_PIN,
    simulated: true,
    how: 'demo',
    clock,
  });
  open.plant = plant;
  try {
    await fillDemo(console, open, plant, clock, fromMs, control);
  } catch (e) {
    await console.forget(open.village.id);
    throw e;
  }
  clock.letGo();
  await plant.run(1);
  await open.acquisition.poll(Math.floor(console.options.clock.now() / POLL_MS) * POLL_MS);
  open.acquisition.start(POLL_MS);
  return open;
}

/** People, meters, agreement and two months of readings. A demo that was cut off is forgotten as a whole. */
async function fillDemo(
  console: Console,
  open: OpenVillage,
  plant: Plant,
  clock: HeldClock,
  fromMs: number,
  control: JobControl,
): Promise<void> {
  console.store.setPreference(
    preference(open.village.id),
    JSON.stringify({ seed: SEED, fromMs: fromMs + ZONE_MIN * 60_000 }),
  );
  control.progress('people', 1, 6);
  const people = await addPeople(open, plant.meters, control.signal);
  control.progress('meters', 2, 6);
  await plant.setTime(fromMs);
  const meters = await addPlantMeters(console, open, plant, people, control.signal);
  control.progress('agreement', 3, 6);
  await agree(open, people, meters, control.signal);
  await replay(open, plant, clock, fromMs, console.options.clock, control);
}

interface People {
  readonly owner: string;
  readonly host: string;
  readonly grid: string;
  readonly byKey: ReadonlyMap<string, string>;
}

const FAMILIES = [
  'Amina Juma',
  'Grace Lyimo',
  'Joseph Laizer',
  'Rehema Said',
  'Petro Kimaro',
  'Zainab Ally',
  'Daudi Mbise',
  'Neema Lema',
  'Hassan Omari',
  'Maria Shayo',
  'Juma Bakari',
  'Anna Swai',
  'Salum Khamis',
  'Esther Massawe',
  'Paulo Urio',
  'Fatuma Rashid',
  'Emanuel Kweka',
  'Asha Mussa',
  'Godfrey Mollel',
  'Mwanaidi Hamisi',
  'Simon Moshi',
  'Halima Selemani',
  'Peter Tarimo',
  'Khadija Abdi',
  'Elias Nnko',
  'Saida Iddi',
  'Isaya Pallangyo',
  'Rukia Ramadhani',
  'John Mushi',
  'Tatu Shabani',
  'Samweli Kaaya',
  'Mwajuma Athumani',
  'Yohana Ayo',
  'Subira Ngowi',
];

async function addPeople(open: OpenVillage, plantMeters: readonly PlantMeter[], signal: AbortSignal): Promise<People> {
  const { village } = open;
  const add = async (name: string, ...roles: Parameters<typeof addPerson>[1]['roles']) => {
    signal.throwIfAborted();
    return (await addPerson(village, { name, roles, pin: DEMO_PIN })).member;
  };
  const elia = await add('Elia Massawe', 'coordinator');
  const halima = await add('Halima Omari', 'coordinator');
  const owner = await add('Jua Leasing', 'owner');
  const grid = await add('Line Committee', 'grid-provider');
  const host = await add('Clinic', 'prosumer');
  const byKey = new Map<string, string>([['clinic', host]]);
  byKey.set('mill', await add('Baraka Mushi', 'consumer'));
  const homes = plantMeters.filter((m) => m.place === 'home');
  for (const [i, m] of homes.entries()) byKey.set(m.key, await add(FAMILIES[i] ?? `Home ${i + 1}`, 'consumer'));
  await shareCoordination(open, [village.row.member, elia, halima], 2);
  return { owner, host, grid, byKey };
}

/** Two of three coordinators close accounts from here on. */
async function shareCoordination(
  { village }: OpenVillage,
  members: readonly string[],
  threshold: number,
): Promise<void> {
  const state = village.state();
  const founding = state.founding;
  if (!founding) return;
  const signer = village.row.member;
  const operators = members.map((m) => keyOf(state, m) ?? '').sort();
  const key = await village.keystore.unlock(signer, DEMO_PIN);
  const { epoch } = state.coordinators;
  const sig = key.sign(operatorsDigest(founding.chain, { village: `0x${village.id}`, epoch, operators, threshold }));
  await village.act([
    {
      book: 'members',
      kind: 'policy.coordinators',
      body: { epoch, members: [...members], threshold, operators, signer, sig },
    },
  ]);
}

const LIMITS: Readonly<Record<string, number>> = { home: 1000, mill: 7500, clinic: 3000 };
const limitOf = (m: PlantMeter): number =>
  m.kind === 'use'
    ? (LIMITS[m.place ?? 'home'] ?? 1000)
    : m.kind === 'site'
      ? 30_000
      : Math.ceil((m.capacityW ?? 20_000) * 1.2);

async function addPlantMeters(
  console: Console,
  open: OpenVillage,
  plant: Plant,
  people: People,
  signal: AbortSignal,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const m of plant.meters) {
    signal.throwIfAborted();
    let asset: string | null = null;
    if (m.kind === 'generation' || m.kind === 'battery') {
      asset = await addAsset(open, {
        name: m.name,
        source: m.source ?? 'battery',
        serial: `SIM-${m.key}`,
        district: null,
        place: null,
        contract: null,
        capacityW: m.capacityW ?? 10_000,
        storageWh: m.storageWh,
        owner: people.owner,
        host: people.host,
        simulated: true,
      });
    }
    const member = people.byKey.get(m.key) ?? null;
    const person = member ? open.village.revealed().members.get(member)?.name : undefined;
    const name = m.place === 'home' && person ? person : m.name;
    const address: MeterAddress = { model: m.model, host: '127.0.0.1', port: plant.modbusPort, unit: m.unit };
    ids.set(
      m.key,
      await addMeter(
        console,
        open,
        { name, kind: m.kind, place: m.place, source: m.source, asset, member, limitW: limitOf(m) },
        address,
      ),
    );
  }
  return ids;
}

async function agree(
  { village }: OpenVillage,
  people: People,
  meters: ReadonlyMap<string, string>,
  signal: AbortSignal,
): Promise<void> {
  const neighbours = [...people.byKey]
    .filter(([key]) => key !== 'clinic')
    .map(([key, member]) => ({ member, meter: meters.get(key) ?? '' }));
  const terms = {
    kind: 'host-lease' as const,
    owner: people.owner,
    host: people.host,
    grid: people.grid,
    asset: [...village.state().assets.values()].find((a) => a.source === 'solar')?.id ?? null,
    hostMeter: meters.get('clinic') ?? '',
    neighbours,
    hostPrice: 31_000n,
    rentBp: 1500,
    neighbourPrice: 35_000n,
    wheelingPrice: 2_000n,
    ownerShareBp: 6000,
    from: monthOf(village.now() + 2 * DAY_MS, { offsetMin: ZONE_MIN }),
    months: 144,
    after: 'returns-to-owner' as const,
  };
  const agreement = await draftAgreement(village, terms);
  for (const p of partiesOf(terms)) {
    signal.throwIfAborted();
    await signAgreement(village, {
      agreement,
      party: p.member,
      signer: p.member,
      pin: DEMO_PIN,
      termsHash: termsHash(terms),
    });
  }
}

/** Reads every meter of the plant through Modbus at each half hour up to now, and seals the days. */
async function replay(
  open: OpenVillage,
  plant: Plant,
  clock: HeldClock,
  fromMs: number,
  real: Clock,
  control: JobControl,
): Promise<void> {
  const half = HOUR_MS / 2;
  const total = Math.max(1, Math.ceil((real.now() - fromMs) / DAY_MS));
  for (let at = fromMs; at <= real.now(); at += half) {
    control.signal.throwIfAborted();
    clock.hold(at);
    await plant.setTime(at);
    await open.acquisition.poll(at);
    if (at % DAY_MS !== 0) continue;
    await sealUntil(open.village, at, HOUR_MS);
    open.village.store.dropInner(at - DAY_MS, HOUR_MS);
    control.progress('reading meters', Math.floor((at - fromMs) / DAY_MS), total);
  }
  await sealUntil(open.village, real.now(), HOUR_MS);
}

/** Brings the demo's plant back after a restart: its meters answer on other ports, their registers go on. */
export function resumeDemo(console: Console): void {
  const open = [...console.open.values()].find((v) => v.village.row.how === 'demo');
  if (!open) return;
  const { village } = open;
  console.demo.village = village.id;
  const kept = console.store.preference(preference(village.id));
  if (!kept) return;
  const { seed, fromMs } = JSON.parse(kept) as { seed: number; fromMs: number };
  console.demo.job = console.jobs.start('demo-plant', async () => {
    const plant = await console.options.startPlant({ kind: 'village', seed, fromMs });
    open.plant = plant;
    await plant.setTime(console.options.clock.now());
    await plant.run(1);
    for (const m of village.store.localMeters()) {
      const address = { ...(JSON.parse(m.address) as MeterAddress), port: plant.modbusPort };
      village.store.addLocalMeter(m.meter, JSON.stringify(address), village.now());
    }
    return { village: village.id };
  });
}
