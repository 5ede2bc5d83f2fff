import { civil, DAY_MS, HOUR_MS } from '#domain/time.ts';
import { noise, smoothNoise } from './seeded-noise.ts';
import { HOME_COUNT, HYDRO_W, SOLAR_W } from './village-plan.ts';

/** Streams of noise kept apart by a first coordinate. */
const STREAM = { homeSize: 1, homeMood: 2, mill: 3, dayCloud: 4, cloud: 5, hydro: 6, clinic: 7 } as const;

/** Mean power of a home by local hour, W: small before dawn, cooking and light after dark. */
const HOME_W = [
  45, 40, 38, 38, 45, 80, 120, 100, 70, 60, 60, 70, 80, 70, 60, 60, 70, 110, 200, 260, 240, 180, 110, 65,
] as const;

/** An instant in village time. */
export interface LocalTime {
  readonly day: number;
  /** Hours since local midnight, with fraction. */
  readonly hour: number;
  /** 0 Sunday. */
  readonly weekday: number;
}

export function localTime(atMs: number, offsetMin: number): LocalTime {
  const local = atMs + offsetMin * 60_000;
  const day = Math.floor(local / DAY_MS);
  return { day, hour: (local - day * DAY_MS) / HOUR_MS, weekday: civil(atMs, { offsetMin }).weekday };
}

function homeW(seed: number, home: number, time: LocalTime): number {
  const from = Math.floor(time.hour);
  const here = HOME_W[from] ?? 0;
  const mean = here + ((HOME_W[(from + 1) % 24] ?? 0) - here) * (time.hour - from);
  const size = 0.5 + noise(seed, STREAM.homeSize, home);
  const mood = 0.6 + 0.8 * smoothNoise(seed, time.hour * 2, STREAM.homeMood, home, time.day);
  return mean * size * mood * (time.weekday === 0 || time.weekday === 6 ? 1.1 : 1);
}

/** Grinds on working days, half an hour at a time, with a rest at noon. */
function millW(seed: number, time: LocalTime): number {
  const isOpen = time.weekday !== 0 && ((time.hour >= 8 && time.hour < 12) || (time.hour >= 13 && time.hour < 17));
  if (!isOpen) return 20;
  return noise(seed, STREAM.mill, time.day, Math.floor(time.hour * 2)) < 0.7 ? 5500 : 150;
}

function clinicW(seed: number, time: LocalTime): number {
  const isDay = time.hour >= 8 && time.hour < 17 && time.weekday !== 0;
  return (350 + (isDay ? 550 : 150)) * (0.85 + 0.3 * smoothNoise(seed, time.hour, STREAM.clinic, time.day));
}

/** Mean power each load asks for, W, in the order of the village plan. */
export function demandW(seed: number, time: LocalTime): number[] {
  const homes = Array.from({ length: HOME_COUNT }, (_, home) => homeW(seed, home, time));
  return [...homes, millW(seed, time), clinicW(seed, time)];
}

/** What the roof could give: a parabola over the day, dimmed by the day's weather and by passing clouds. */
export function solarW(seed: number, time: LocalTime): number {
  const fromNoon = (time.hour - 12.3) / 5.9;
  const sun = Math.max(0, 1 - fromNoon * fromNoon);
  const weather = noise(seed, STREAM.dayCloud, time.day);
  const passing = smoothNoise(seed, time.hour * 4, STREAM.cloud, time.day);
  if (weather < 0.6) return SOLAR_W * 0.62 * sun * (0.9 + 0.1 * passing);
  if (weather < 0.85) return SOLAR_W * 0.62 * sun * (0.35 + 0.6 * passing);
  return SOLAR_W * 0.62 * sun * (0.08 + 0.25 * passing);
}

/** What the river could give: two wet seasons a year (May and November) and a slow wobble. */
export function hydroW(seed: number, time: LocalTime): number {
  const sinceDry = (((time.day - 45) % 182.625) + 182.625) % 182.625;
  const wet = 1 - Math.abs(sinceDry / 91.3125 - 1);
  return HYDRO_W * (0.5 + 0.3 * wet + 0.1 * smoothNoise(seed, time.day + time.hour / 24, STREAM.hydro));
}
