import { type Clock, systemClock } from '#core/ports/clock.ts';
import { AppError } from '#core/ports/errors.ts';

const NAME = 'GRIDPACT_CLOCK_OFFSET_MS';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Ten years either way. */
const MOST_MS = 3660 * DAY_MS;

/**
 * The machine's clock, or that clock shifted by a fixed offset: for tests only, which cannot wait for a month to end.
 * A shift is always said. Errors: BAD_INPUT when the offset is not a whole number of milliseconds within ten years.
 */
export function readClock(log: (line: string) => void, env: NodeJS.ProcessEnv = process.env): Clock {
  const text = env[NAME];
  if (!text) return systemClock;
  const offsetMs = Number(text);
  if (!/^-?\d{1,15}$/.test(text) || Math.abs(offsetMs) > MOST_MS) {
    throw new AppError(
      'BAD_INPUT',
      `${NAME} is ${text.slice(0, 40)}; it must be whole milliseconds, at most ten years. Leave it out outside tests.`,
    );
  }
  log(`The clock is shifted by ${spanText(offsetMs)} for a test (${NAME}). Do not use this data for a real village.`);
  return { now: () => systemClock.now() + offsetMs };
}

function spanText(offsetMs: number): string {
  const size = Math.abs(offsetMs);
  const [days, hours, minutes] = [size / DAY_MS, (size % DAY_MS) / HOUR_MS, (size % HOUR_MS) / MINUTE_MS].map(
    Math.trunc,
  );
  return `${offsetMs < 0 ? 'minus ' : ''}${days} d ${hours} h ${minutes} min`;
}
