import { answer, readInput } from './answer.ts';
import { createLedClock, openConsole } from './village-month.ts';
import { endOf } from './year.ts';

/** The gateway's console, on which the year lies. */
const { home, days } = readInput<{ home: string; days: number }>();
const opened = await openConsole(home, createLedClock(endOf(days)));
const [open] = opened.console.open.values();
if (!open) throw new Error('there is no village');
const { village } = open;
const state = village.state();
const [address = ''] = village.node.addresses();
const [meter = ''] = state.meters.keys();
const bytes = [...state.segments.values()].reduce((n, s) => n + s.bytes, 0);
await answer({ address, village: village.id, meter, bytes, pid: process.pid }, () => opened.stop());
