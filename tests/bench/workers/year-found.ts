import { makeInvitation } from '#core/villages/invitations.ts';
import { DAY_MS } from '#domain/time.ts';
import { answer, readInput } from './answer.ts';
import { createLedClock, foundSite, openConsole, PIN } from './village-month.ts';
import { enterMeters, START_MS } from './year.ts';

/** A village of 200 meters and an invitation for every console that is to come. */
const { home, invitations } = readInput<{ home: string; invitations: number }>();
const opened = await openConsole(home, createLedClock(START_MS));
const open = await foundSite(opened.console);
await enterMeters(open);
const { village } = open;
const key = await village.keystore.unlock(village.row.member, PIN);
const texts = Array.from({ length: invitations }, (_, i) =>
  makeInvitation(open, key, { name: `Okot ${i}`, roles: ['coordinator'], expiresMs: START_MS + DAY_MS }),
);
await answer({ texts }, () => opened.stop());
