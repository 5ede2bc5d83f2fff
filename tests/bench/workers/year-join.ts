import { joinVillage } from '#core/villages/invitations.ts';
import { answer, readInput } from './answer.ts';
import { createLedClock, openConsole, PIN } from './village-month.ts';
import { START_MS } from './year.ts';

/** Joins, and is away from then on. */
const { home, text, name } = readInput<{ home: string; text: string; name: string }>();
const opened = await openConsole(home, createLedClock(START_MS));
const { console } = opened;
const { open } = await joinVillage(console, { text, name, pin: PIN });
const { village } = open;
for await (const _ of console.changes.since(0)) {
  const isIn = village.state().devices.has(village.keys.id) && village.state().meters.size > 0;
  if (isIn && village.node.peers().some((peer) => peer.inStep)) break;
}
await answer({ device: village.keys.id }, () => opened.stop());
