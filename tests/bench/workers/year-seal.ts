import { answer, readInput } from './answer.ts';
import { createLedClock, openConsole } from './village-month.ts';
import { START_MS, sealDays } from './year.ts';

/** The gateway's year while everybody else is away: sealed, signed, encrypted and announced day by day. */
const { home, days } = readInput<{ home: string; days: number }>();
const clock = createLedClock(START_MS);
const opened = await openConsole(home, clock);
const [open] = opened.console.open.values();
if (!open) throw new Error('there is no village');
await sealDays(open, clock, days);
await answer({ segments: open.village.state().segments.size }, () => opened.stop());
