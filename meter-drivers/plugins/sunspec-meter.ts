import { AppError } from '#core/ports/errors.ts';
import type { MeterIdentity, RegisterReading } from '#core/ports/meter-driver.ts';
import type { ModelPoint, SunSpecTemplate } from './meter-template.ts';
import { planBlocks, type ReadBlock, type RegisterSpan, sliceSpan } from './register-block.ts';
import { approximate, decodeNumber, decodeText, multiply, powerOfTen, type Ratio, wordsOf } from './register-value.ts';
import {
  type ModbusUnit,
  mismatch,
  saysSimulated,
  toPercent,
  toRegisterWh,
  toWatts,
  type UnitMeter,
} from './unit-meter.ts';

const MARKER = [0x5375, 0x6e53] as const; // 'SunS'
const END_MODEL = 0xffff;
const COMMON_MODEL = 1;
const MAX_MODELS = 64;

/** A model as found: address of its ID register and length without the two header registers. */
interface FoundModel {
  readonly id: number;
  readonly address: number;
  readonly words: number;
}

interface PlacedPoints<Name extends string> {
  readonly model: FoundModel;
  readonly points: Readonly<Record<Name, ModelPoint>>;
}

interface Discovery {
  readonly common: FoundModel | null;
  readonly meter: PlacedPoints<'importWh' | 'exportWh' | 'powerW'>;
  readonly battery: PlacedPoints<'socPercent'> | null;
  readonly plan: readonly RegisterSpan[];
}

const holding = (address: number, words: number): RegisterSpan => ({ function: 3, address, words });

const hasWrongRegister = (error: unknown): boolean => error instanceof AppError && error.code === 'METER_REFUSED';

async function findMarker(template: SunSpecTemplate, unit: ModbusUnit, signal?: AbortSignal): Promise<number> {
  for (const base of template.bases) {
    try {
      const words = await unit.read(holding(base, 2), signal);
      if (words[0] === MARKER[0] && words[1] === MARKER[1]) return base;
    } catch (error) {
      if (!hasWrongRegister(error)) throw error;
    }
  }
  throw mismatch(unit.place, `has no SunSpec marker at register ${template.bases.join(', ')}`);
}

async function walkModels(base: number, unit: ModbusUnit, signal?: AbortSignal): Promise<FoundModel[]> {
  const models: FoundModel[] = [];
  let address = base + MARKER.length;
  while (models.length < MAX_MODELS && address + 2 <= 65_536) {
    const [id, words] = await unit.read(holding(address, 2), signal);
    if (id === undefined || words === undefined || id === END_MODEL) return models;
    if (words === 0) break;
    models.push({ id, address, words });
    address += 2 + words;
  }
  throw mismatch(unit.place, `has a list of SunSpec models without an end after ${models.length}`);
}

function spansOf(placed: PlacedPoints<string>): RegisterSpan[] {
  const { address } = placed.model;
  const spans = Object.values(placed.points).flatMap((point) => [
    holding(address + point.offset, wordsOf(point.type)),
    ...(point.scaleFactor === undefined ? [] : [holding(address + point.scaleFactor, 1)]),
  ]);
  return [holding(address, 2), ...spans];
}

function place<Name extends string>(
  models: readonly FoundModel[],
  choices: readonly { readonly ids: readonly number[]; readonly points: Readonly<Record<Name, ModelPoint>> }[],
): PlacedPoints<Name> | null {
  for (const model of models) {
    const choice = choices.find((each) => each.ids.includes(model.id));
    if (!choice) continue;
    const placed = { model, points: choice.points };
    const end = model.address + 2 + model.words;
    if (spansOf(placed).every((span) => span.address + span.words <= end)) return placed;
  }
  return null;
}

async function discover(template: SunSpecTemplate, unit: ModbusUnit, signal?: AbortSignal): Promise<Discovery> {
  const models = await walkModels(await findMarker(template, unit, signal), unit, signal);
  const meter = place(models, template.meterModels);
  if (!meter) {
    const ids = models.map((model) => model.id).join(', ');
    throw mismatch(unit.place, `speaks SunSpec but has no whole meter model (it has ${ids || 'none'})`);
  }
  const battery = place(models, template.batteryModels);
  // Within one model every register exists, so one request may read over the points not wanted.
  const plan = [meter, ...(battery ? [battery] : [])].flatMap((placed) =>
    planBlocks(spansOf(placed), placed.model.words),
  );
  return { common: models.find((model) => model.id === COMMON_MODEL) ?? null, meter, battery, plan };
}

function decodePoint(
  unit: ModbusUnit,
  blocks: readonly ReadBlock[],
  model: FoundModel,
  point: ModelPoint,
): Ratio | null {
  const words = sliceSpan(blocks, holding(model.address + point.offset, wordsOf(point.type)));
  const value = words && decodeNumber(words, point.type, 'big');
  if (!value || point.scaleFactor === undefined) return value;
  const factorWords = sliceSpan(blocks, holding(model.address + point.scaleFactor, 1));
  const factor = factorWords && decodeNumber(factorWords, 'int16', 'big');
  // Without its scale factor the point is not implemented, whatever stands in it (an accumulator reads 0 then).
  if (!factor) return null;
  const exponent = approximate(factor);
  if (exponent < -10 || exponent > 10) throw mismatch(unit.place, `gives ${exponent} as a SunSpec scale factor`);
  return multiply(value, powerOfTen(exponent));
}

/** A meter that describes its own register map: SunSpec, found by the 'SunS' marker. */
export function createSunSpecMeter(template: SunSpecTemplate, unit: ModbusUnit): UnitMeter {
  let known: Discovery | null = null;
  const discoverOnce = async (signal?: AbortSignal): Promise<Discovery> => {
    known ??= await discover(template, unit, signal);
    return known;
  };

  const checkStillThere = (blocks: readonly ReadBlock[], model: FoundModel): void => {
    const header = sliceSpan(blocks, holding(model.address, 2));
    if (header?.[0] === model.id && header[1] === model.words) return;
    known = null;
    throw mismatch(unit.place, `no longer has SunSpec model ${model.id} where it was; the device was changed`);
  };

  return {
    async identify(signal): Promise<MeterIdentity> {
      known = null;
      const { common } = await discoverOnce(signal);
      if (!common || common.words < 65) return { manufacturer: null, model: null, serial: null, simulated: false };
      const words = await unit.read(holding(common.address, 66), signal);
      const manufacturer = decodeText(words.slice(2, 18));
      const simulated = saysSimulated(manufacturer);
      return {
        manufacturer,
        model: decodeText(words.slice(18, 34)),
        serial: decodeText(words.slice(50, 66)),
        simulated,
      };
    },

    async read(signal): Promise<RegisterReading> {
      const { meter, battery, plan } = await discoverOnce(signal);
      const blocks: ReadBlock[] = [];
      for (const span of plan) blocks.push({ span, words: await unit.read(span, signal) });
      checkStillThere(blocks, meter.model);
      if (battery) checkStillThere(blocks, battery.model);
      const meterValue = (name: keyof typeof meter.points): Ratio | null =>
        decodePoint(unit, blocks, meter.model, meter.points[name]);
      return {
        importWh: toRegisterWh(unit.place, 'import', meterValue('importWh')),
        exportWh: toRegisterWh(unit.place, 'export', meterValue('exportWh')),
        powerW: toWatts(meterValue('powerW')),
        ...(battery && { socPercent: toPercent(decodePoint(unit, blocks, battery.model, battery.points.socPercent)) }),
      };
    },
  };
}
