import { proposeClose, signClose } from '#core/accounts/closing.ts';
import { DAY_MS, type Month, monthSpan } from '#domain/time.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { createLedClock, foundSite, openConsole, PIN, ZONE } from './village-month.ts';
import { enterMeters, METERS, readingsIn, START_MS, sealDays } from './year.ts';

/** Seals and closes so many months of a village of 200 meters, which is founded first. */
const { home, months } = readInput<{ home: string; months: number }>();
const monthAt = (n: number): Month => `2025-${String(n + 1).padStart(2, '0')}`;
const endOf = (n: number): number => Math.ceil(monthSpan(monthAt(n), ZONE).to / DAY_MS) * DAY_MS;
const daysUntil = (n: number): number => (n < 0 ? 0 : (endOf(n) - START_MS) / DAY_MS);

const clock = createLedClock(START_MS);
const opened = await openConsole(home, clock);
const open = await foundSite(opened.console);
await enterMeters(open);
const { village } = open;
const startMs = performance.now();
for (let n = 0; n < months; n++) {
  await sealDays(open, clock, daysUntil(n), daysUntil(n - 1));
  const digest = await proposeClose(village, monthAt(n));
  await signClose(village, monthAt(n), digest, village.row.member, PIN);
  await open.settler.settle();
}
const seconds = secondsSince(startMs);
const closed = [...village.state().closes.values()].filter((c) => c.agreed).length;
const { frames } = village.store.counts();
const right = closed === months && frames === METERS * daysUntil(months - 1);
await answer({ seconds, nowMs: clock.now(), readings: readingsIn(daysUntil(months - 1)), frames, right }, () =>
  opened.stop(),
);
