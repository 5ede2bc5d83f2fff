import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput } from './answer.ts';
import { createLedClock, openConsole } from './village-month.ts';
import { START_MS, sealDays } from './year.ts';

/** Seals the year, then serves it. */
const { home, days } = readInput<{ home: string; days: number }>();
const clock = createLedClock(START_MS);
const opened = await openConsole(home, clock);
const [open] = opened.console.open.values();
if (!open) throw new Error('there is no village');
await sealDays(open, clock, days);
const { village } = open;
const bytes = [...village.state().segments.values()].reduce((n, s) => n + s.bytes, 0);
const [address] = village.node.addresses();
await answer({ address, bytes, stateHash: village.stateHash(), peakMb: peakMbOf('self'), pid: process.pid }, () =>
  opened.stop(),
);
