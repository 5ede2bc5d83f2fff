import { AppError } from '#core/ports/errors.ts';
import type { MeterIdentity, RegisterReading } from '#core/ports/meter-driver.ts';
import { describePlace, type MeterPlace, placeData } from './meter-place.ts';
import type { RegisterSpan } from './register-block.ts';
import { approximate, floorRatio, type Ratio } from './register-value.ts';

/** One unit behind a Modbus line. */
export interface ModbusUnit {
  readonly place: MeterPlace;
  read(span: RegisterSpan, signal?: AbortSignal): Promise<readonly number[]>;
}

/** How a template reads one unit. */
export interface UnitMeter {
  identify(signal?: AbortSignal): Promise<MeterIdentity>;
  read(signal?: AbortSignal): Promise<RegisterReading>;
}

/** Beyond this a register is not energy but a wrong map; it also keeps every value within a signed 64-bit number. */
const MAX_REGISTER_WH = 2n ** 63n - 1n;

export const mismatch = (place: MeterPlace, what: string): AppError =>
  new AppError('METER_MISMATCH', `${describePlace(place)} ${what}: check the unit id or choose another model.`, {
    data: placeData(place),
  });

/** Whole Wh, rounded down; null stays null. */
export function toRegisterWh(place: MeterPlace, name: string, value: Ratio | null): bigint | null {
  if (value === null) return null;
  const wh = floorRatio(value);
  if (wh < 0n || wh > MAX_REGISTER_WH)
    throw mismatch(place, `gave ${wh} Wh as ${name}, which no energy register can hold`);
  return wh;
}

/** W to the milliwatt: a float32 in kW carries no more. */
export function toWatts(value: Ratio | null): number | null {
  const watts = value === null ? Number.NaN : Math.round(approximate(value) * 1000) / 1000;
  return Number.isFinite(watts) ? watts : null;
}

export function toPercent(value: Ratio | null): number | null {
  const percent = toWatts(value);
  return percent !== null && percent >= 0 && percent <= 100 ? percent : null;
}

/** The simulated plant says so in the manufacturer's name. */
export const saysSimulated = (manufacturer: string | null): boolean => /\bsimulated\b/i.test(manufacturer ?? '');
