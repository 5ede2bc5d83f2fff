import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { expect, test, vi } from 'vitest';
import { ENTRIES_SENT } from '#p2p/entry-sender.ts';
import { createFrameStream } from '#p2p/frame-stream.ts';
import { createSyncSession } from '#p2p/sync-session.ts';
import { assembleCast } from './cast.ts';
import { openCutStream } from './cut-stream.ts';
import { createRandom } from './random.ts';
import { createSoakConsole, type SoakConsole } from './soak-console.ts';

const WAIT = { timeout: 60_000, interval: 20 };
const START_MS = Date.UTC(2012, 0, 5);
const CONSOLES = 5;
const RECORDS = 40;

test('five consoles that all meet at once after working apart are sent each entry that they lack once', async () => {
  const cast = assembleCast();
  const random = createRandom(7);
  const problems: string[] = [];
  const told = { onDeath: () => undefined, onRefused: (why: string) => problems.push(why), now: () => 0 };
  const consoles = cast.entrances
    .slice(0, CONSOLES)
    .map((entrance, i) => createSoakConsole(i, cast.village, entrance, told));
  const [founder] = consoles as [SoakConsole];
  for (const [i, one] of consoles.entries()) {
    const { first, grant } = cast.entrances[i] ?? {};
    await one.start();
    if (first) await one.append(first, START_MS);
    if (grant) await founder.append(grant, START_MS);
    for (let n = 0; n < RECORDS; n++) await one.append(cast.act(random, i * RECORDS + n), START_MS + n);
  }
  const sizeOf = (one: SoakConsole): number =>
    one
      .books()
      .names()
      .reduce((sum, book) => sum + one.books().size(book), 0);
  const total = consoles.reduce((sum, one) => sum + sizeOf(one), 0);
  let sent = 0;
  const count = (entries: unknown): void => {
    sent += Number(entries);
  };
  subscribe(ENTRIES_SENT, count);
  const streams = consoles.flatMap((a, i) =>
    consoles.slice(i + 1).map((b) => {
      const stream = openCutStream(random, Number.POSITIVE_INFINITY);
      for (const [own, other, end] of [
        [a, b, stream.ends[0]],
        [b, a, stream.ends[1]],
      ] as const) {
        const session = createSyncSession(createFrameStream(end), {
          peer: `console ${other.number}`,
          village: cast.village,
          books: own.books(),
          pulls: own.pulls(),
          returns: own.returns,
          isDirect: true,
          now: () => 0,
          hasRoom: () => true,
          mayWrite: () => true,
          mayErr: () => true,
          onViolation: (why) => problems.push(why),
          onChange: () => undefined,
        });
        own.sessions.add(session);
        void session.run();
      }
      return stream;
    }),
  );
  await vi.waitFor(() => expect(consoles.map(sizeOf)).toEqual(consoles.map(() => total)), WAIT);
  unsubscribe(ENTRIES_SENT, count);
  expect(problems).toEqual([]);
  expect(new Set(consoles.map((one) => one.books().digest())).size).toBe(1);
  expect(sent).toBe(total * (CONSOLES - 1));
  for (const stream of streams) stream.cut();
  for (const one of consoles) await one.close();
});
