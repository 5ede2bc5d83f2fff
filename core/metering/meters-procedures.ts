import { createHmac, randomBytes } from 'node:crypto';
import { zoneOf } from '#core/accounts/closing.ts';
import type { Console, OpenVillage } from '#core/console.ts';
import { AppError } from '#core/ports/errors.ts';
import type { MeterAddress } from '#core/ports/meter-driver.ts';
import type { Boundary } from '#core/router/boundary.ts';
import type { Village } from '#core/village/open-village.ts';
import { newId } from '#domain/ids.ts';
import { assetScope } from '#domain/membership/audiences.ts';
import type { AssetFields, AssetPrivateFields, AssetSharedFields } from '#domain/membership/private-fields.ts';
import { DAY_MS, monthOf } from '#domain/time.ts';
import { type Asset, decisionKey, type Meter } from '#domain/village/state.ts';
import { hoursOf, seriesOf } from './hours.ts';
import { enterReading, importReadings, readLoggerFile, vouchFor } from './import-readings.ts';
import { type FlagView, flagsOf, meterCard, meterRows, pageBefore, pendingFlags } from './meter-views.ts';

export type NewMeter = Pick<Meter, 'kind' | 'place' | 'source' | 'asset' | 'member' | 'limitW'> & {
  readonly name: string;
};

/** Reads a meter once (a plant being replayed may be silent just then), enters it in the books, and has this console read it from now on. */
export async function addMeter(
  console: Console,
  open: OpenVillage,
  meter: NewMeter,
  address: MeterAddress,
  options: { readonly evenIfSilent?: boolean } = {},
): Promise<string> {
  const { village } = open;
  const taken = village.store.localMeters().find((m) => {
    const a = JSON.parse(m.address) as MeterAddress;
    return a.host === address.host && a.port === address.port && a.unit === address.unit;
  });
  if (taken) {
    const name = village.revealed().meters.get(taken.meter)?.name ?? taken.meter;
    throw new AppError('METER_TAKEN', `${address.host}:${address.port} unit ${address.unit} is ${name} already.`, {
      data: { name },
    });
  }
  const simulated = village.state().founding?.simulated ?? false;
  const identity = await testMeter(console, address).then(
    (t) => t.identity,
    (e: unknown) => {
      if (!options.evenIfSilent || !(e instanceof AppError) || e.code !== 'METER_SILENT') throw e;
      return { manufacturer: null, model: null, serial: null, simulated };
    },
  );
  const id = newId('e', village.id, new Uint8Array(randomBytes(16)));
  const { name, ...rest } = meter;
  const { serial, ...known } = identity;
  const body = { meter: id, private: village.seal('meter', id, { name, serial }), ...rest, ...known };
  village.store.addLocalMeter(id, JSON.stringify(address), village.now());
  try {
    await village.act([{ book: 'assets', kind: 'meter.add', body }]);
  } catch (e) {
    village.store.removeLocalMeter(id);
    throw e;
  }
  village.notify('meters');
  return id;
}

export async function testMeter(console: Console, address: MeterAddress) {
  const connection = await console.options.driver.open(address);
  try {
    const identity = await connection.identify();
    const r = await connection.read();
    return {
      identity: {
        manufacturer: identity.manufacturer,
        model: identity.model,
        serial: identity.serial,
        simulated: identity.simulated,
      },
      reading: { atMs: console.options.clock.now(), importWh: r.importWh, exportWh: r.exportWh, powerW: r.powerW },
    };
  } finally {
    await connection.close();
  }
}

const MOST_STEPS = 4000;
const MOST_FLAGS = 500;

const meterOf = (open: OpenVillage, id: string) => {
  const meter = open.village.revealed().meters.get(id);
  if (!meter) throw new AppError('NOT_FOUND', 'There is no such meter in this village.');
  return meter;
};

export function metersProcedures(os: Boundary, console: Console) {
  const m = os.meters;
  return {
    models: m.models.handler(() => ({
      models: console.options.driver
        .models()
        .map(({ id, brand, model, source, caveats }) => ({ id, brand, model, source, caveats: [...caveats] })),
    })),
    test: m.test.handler(({ input }) => testMeter(console, input.address)),
    add: m.add.handler(async ({ input }) => {
      const { name, kind, place, source, asset, member, limitW, address } = input;
      return {
        meter: await addMeter(
          console,
          console.find(input.village),
          { name, kind, place, source, asset, member, limitW },
          address,
        ),
      };
    }),
    list: m.list.handler(async ({ input }) => {
      const open = console.find(input.village);
      return { meters: await meterRows(open, [...open.village.revealed().meters.values()]) };
    }),
    get: m.get.handler(({ input }) => {
      const open = console.find(input.village);
      return meterCard(open, meterOf(open, input.meter));
    }),
    older: m.older.handler(({ input }) => {
      const open = console.find(input.village);
      return pageBefore(open.village, meterOf(open, input.meter), input.beforeMs);
    }),
    series: m.series.handler(async ({ input }) => {
      const open = console.find(input.village);
      const { fromMs, toMs, stepMs } = input;
      if ((toMs - fromMs) / stepMs > MOST_STEPS || toMs < fromMs)
        throw new AppError('BAD_INPUT', `Ask for at most ${MOST_STEPS} steps at a time.`);
      const { id } = meterOf(open, input.meter);
      return { points: await seriesOf(open.village.readings, id, { fromMs, toMs, stepMs }) };
    }),
    flags: m.flags.handler(async ({ input }) => {
      const { village } = console.find(input.village);
      if (input.pendingOnly) return { flags: (await pendingFlags(village)).slice(0, MOST_FLAGS) };
      const flags: FlagView[] = [];
      for (const x of village.revealed().meters.values())
        flags.push(...(await flagsOf(village, x, village.now() - 31 * DAY_MS, village.now() + DAY_MS)));
      return { flags: flags.sort((a, b) => b.fromMs - a.fromMs).slice(0, MOST_FLAGS) };
    }),
    decide: m.decide.handler(async ({ input }) => {
      const { village } = console.find(input.village);
      const { meter, fromMs, action, reason } = input;
      const book = `operations-${monthOf(fromMs, zoneOf(village.state()))}`;
      const fields = village.seal('decision', decisionKey(meter, fromMs), { text: reason });
      await village.act([{ book, kind: 'vee.decide', body: { meter, fromMs, action, private: fields } }]);
      return {};
    }),
    enterReading: m.enterReading.handler(async ({ input }) => {
      const open = console.find(input.village);
      return {
        entry: await enterReading(
          open.village,
          meterOf(open, input.meter).id,
          input.atMs,
          input.importWh,
          input.reason,
        ),
      };
    }),
    importFile: m.importFile.handler(({ input }) => {
      const { village } = console.find(input.village);
      const file = readLoggerFile(input.fileName, input.text, zoneOf(village.state()));
      const job = console.jobs.start('import', async (control) => {
        const { entry, hours, wh } = await importReadings(village, input.fileName, file, input.columns, control);
        return { entry, hours, wh: wh.toString() };
      });
      return { job };
    }),
    entries: m.entries.handler(({ input }) => {
      const { village } = console.find(input.village);
      const state = village.revealed();
      const nameOf = (id: string): string => state.members.get(id)?.name ?? id;
      return {
        entries: [...state.entered.values()].map((e) => ({
          id: e.id,
          kind: e.kind,
          label: e.text,
          author: nameOf(e.author),
          voucher: e.vouched ? nameOf(e.vouched.by) : null,
          atMs: e.atMs,
          hours: e.hours,
          wh: e.wh,
          canVouch: e.vouched === null && e.author !== village.row.member,
        })),
      };
    }),
    vouch: m.vouch.handler(async ({ input }) => {
      await vouchFor(console.find(input.village).village, input.entry, input.document);
      return {};
    }),
  };
}

export type NewAsset = Omit<Asset, 'id' | 'private' | 'shared' | 'secret' | 'print'> &
  AssetFields &
  AssetSharedFields &
  AssetPrivateFields;

/** Registers an asset: kind, size and district open, its name for the members, serial for its partners, place and contract for its people. */
export async function addAsset({ village }: OpenVillage, asset: NewAsset): Promise<string> {
  const id = newId('a', village.id, new Uint8Array(randomBytes(16)));
  const { name, serial, place, contract, ...rest } = asset;
  const hidden = place !== null || contract !== null;
  const body = {
    asset: id,
    ...rest,
    print: printOf(village, serial),
    private: village.seal('asset', id, { name }),
    shared: village.seal('asset-shared', id, { serial }, assetScope(id, 'shared')),
    secret: hidden ? village.seal('asset-private', id, { place, contract }, assetScope(id, 'private')) : null,
  };
  await village.act([{ book: 'assets', kind: 'asset.add', body }]);
  return id;
}

/** Equal for equal serial numbers, however they are spelt, and of use only to members. Errors: NOT_FOUND (no key yet). */
function printOf(village: Village, serial: string): string {
  const key = village.audienceKeys.find(village.state().founding?.serials ?? '');
  if (!key)
    throw new AppError('NOT_FOUND', 'The keys of this village are not here yet. They come with the first sync.', {
      retryable: true,
    });
  return createHmac('sha256', key).update(serial.toUpperCase().replace(/[\s-]/g, '')).digest('hex').slice(0, 32);
}

export function assetsProcedures(os: Boundary, console: Console) {
  return {
    list: os.assets.list.handler(async ({ input }) => {
      const open = console.find(input.village);
      const { village, acquisition } = open;
      const state = village.revealed();
      const now = village.now();
      const today = await hoursOf(village.readings, [...state.meters.keys()], village.readings.dayStartOf(now), now);
      const person = (id: string | null) => (id === null ? null : { id, name: state.members.get(id)?.name ?? id });
      return {
        assets: [...state.assets.values()].map((a) => {
          const meter = [...state.meters.values()].find((x) => x.asset === a.id);
          const points = (meter && today.get(meter.id)) ?? [];
          const known = points.filter((p) => p.wh !== null);
          return {
            ...a,
            owner: person(a.owner),
            host: person(a.host),
            meter: meter?.id ?? null,
            todayWh: known.length > 0 ? known.reduce((n, p) => n + (p.wh ?? 0n), 0n) : null,
            nowW: meter ? (acquisition.live.get(meter.id)?.powerW ?? null) : null,
          };
        }),
      };
    }),
    add: os.assets.add.handler(async ({ input }) => {
      const open = console.find(input.village);
      const { name, source, serial, district, place, contract, capacityW, storageWh, owner, host } = input;
      const simulated = open.village.state().founding?.simulated ?? false;
      const what = { name, source, serial, district, place, contract, capacityW, storageWh, owner, host };
      return { asset: await addAsset(open, { ...what, simulated }) };
    }),
  };
}
