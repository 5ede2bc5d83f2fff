import { peakMbOf } from '../peak-memory.ts';
import { answer, readInput } from './answer.ts';
import { createLedClock, openConsole } from './village-month.ts';

/** Opens a console that another process has left, up to its state. */
const { home, atMs } = readInput<{ home: string; atMs: number }>();
const startMs = performance.now();
const opened = await openConsole(home, createLedClock(atMs));
const [open] = opened.console.open.values();
if (!open) throw new Error('the console holds no village');
const hash = open.village.stateHash();
const seconds = (performance.now() - startMs) / 1000;
/** From the start of the process, with the modules that it loads. */
const processSeconds = performance.now() / 1000;
const outside = open.village.index.outside.size;
await answer({ seconds, processSeconds, outside, hash, peakMb: peakMbOf('self') }, () => opened.stop());
