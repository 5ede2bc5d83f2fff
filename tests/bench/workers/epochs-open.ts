import { setImmediate } from 'node:timers/promises';
import { answer, readInput } from './answer.ts';
import { createLedClock, openConsole } from './village-month.ts';

/** Opens a console for the first time after its books were written: folds them, and keeps the checkpoint. */
const { home, atMs } = readInput<{ home: string; atMs: number }>();
const opened = await openConsole(home, createLedClock(atMs));
const [open] = opened.console.open.values();
if (!open) throw new Error('the console holds no village');
const { village } = open;
const state = village.state();
while (village.index.outside.size > state.outside.size) await setImmediate();
const found = { hash: village.stateHash(), records: village.index.size, closed: state.epochs.length };
await answer({ ...found, outside: village.index.outside.size }, () => opened.stop());
