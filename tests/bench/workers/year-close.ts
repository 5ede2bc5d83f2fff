import { proposeClose, signClose } from '#core/accounts/closing.ts';
import { DAY_MS, type Month, monthSpan } from '#domain/time.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { createLedClock, foundSite, openConsole, PIN, ZONE } from './village-month.ts';
import { enterMeters, METERS, readingsIn, START_MS, sealDays } from './year.ts';

/** Seals and closes month after month of a village of 200 meters, founding it first; then looks once, as its people do. */
const { home, from, to } = readInput<{ home: string; from: number; to: number }>();
const monthAt = (n: number): Month => `2025-${String(n + 1).padStart(2, '0')}`;
const endOf = (n: number): number => (n < 0 ? START_MS : Math.ceil(monthSpan(monthAt(n), ZONE).to / DAY_MS) * DAY_MS);
const daysUntil = (n: number): number => (endOf(n) - START_MS) / DAY_MS;

const clock = createLedClock(endOf(from - 1));
const opened = await openConsole(home, clock);
const known = [...opened.console.open.values()][0];
const open = known ?? (await foundSite(opened.console));
if (!known) await enterMeters(open);
const { village } = open;
const startMs = performance.now();
for (let n = from; n < to; n++) {
  await sealDays(open, clock, daysUntil(n), daysUntil(n - 1));
  const digest = await proposeClose(village, monthAt(n));
  await signClose(village, monthAt(n), digest, village.row.member, PIN);
  await open.settler.settle();
}
const seconds = secondsSince(startMs);
const closed = [...village.state().closes.values()].filter((c) => c.agreed).length;
const { frames } = village.store.counts();
const right = closed === to && frames === METERS * daysUntil(to - 1);
await answer({ seconds, nowMs: clock.now(), readings: readingsIn(daysUntil(to - 1)), frames, right }, () =>
  opened.stop(),
);
