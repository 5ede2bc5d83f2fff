import { monitorEventLoopDelay } from 'node:perf_hooks';
import { DAY_MS } from '#domain/time.ts';
import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput, secondsSince } from './answer.ts';
import { createLedClock, openConsole } from './village-month.ts';
import { START_MS } from './year.ts';

/** A member's console that was away for the year, from the dial until the year is verified here. */
const { home, days, address } = readInput<{ home: string; days: number; address: string }>();
const opened = await openConsole(home, createLedClock(START_MS + days * DAY_MS));
const { console } = opened;
const [open] = console.open.values();
if (!open) throw new Error('there is no village');
const { village } = open;

const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const startMs = performance.now();
// a redial of an address from before may be under way, and its failure is this dial's too
while (!village.node.peers().some((peer) => peer.connected)) await village.node.dial(address).catch(() => undefined);
const announcedMs = { at: 0 };
for await (const { topic } of console.changes.since(0)) {
  if (topic !== 'readings') continue;
  const { announced, verified } = village.segments.progress();
  if (announcedMs.at === 0 && announced.segments === days) announcedMs.at = performance.now();
  if (verified.segments === days) break;
}
const verifiedSeconds = secondsSince(startMs);
delay.disable();
const { frames } = village.store.counts();
const { verified, lockedFrames } = village.segments.progress();
await answer(
  {
    seconds: secondsSince(startMs),
    verifiedSeconds,
    announcedSeconds: (announcedMs.at - startMs) / 1000,
    peakMb: peakMbOf('self'),
    frames,
    lockedFrames,
    segments: verified.segments,
    longestBlockMs: Math.round(delay.max / 1e6),
    stateHash: village.stateHash(),
  },
  () => opened.stop(),
);
