import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { START_STEPS, type Step } from '#core/ports/steps.ts';
import {
  converge,
  endAll,
  invite,
  makeFolder,
  openConsole,
  PIN,
  type TestConsole,
  villageOf,
  WAIT,
} from '../core/consoles.ts';
import { placeOf, startedFrom, withoutMarch } from '../core/put-away.ts';

const HANG_MS = 120_000;
const JOINER = fileURLToPath(new URL('./start-and-die.ts', import.meta.url));

let first: TestConsole;
beforeAll(async () => {
  ({ first } = await withoutMarch());
}, HANG_MS);
afterAll(endAll);

/** A console in a process of its own, which joins and kills itself at a step; answers the folder it leaves. */
async function killedAt(step: Step): Promise<string> {
  const dataDir = makeFolder('console');
  const text = await invite(first, 'Okot', ['consumer', 'coordinator'], 30);
  const input = { dataDir, text, pin: PIN, atMs: first.clock.atMs };
  const child = spawn(process.execPath, [JOINER, JSON.stringify(input)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, GRIDPACT_KILL_AT: step },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (more: string) => {
    said += more;
  });
  const hang = setTimeout(() => child.kill('SIGTERM'), HANG_MS / 2);
  const [, signal] = await once(child, 'close');
  clearTimeout(hang);
  expect(signal, said).toBe('SIGKILL');
  return dataDir;
}

test.each(START_STEPS)(
  'a console that is killed at %s while it starts from a signed checkpoint comes to the same state',
  async (step) => {
    const dataDir = await killedAt(step);
    await villageOf(first).node.setOnline(false);
    const second = await openConsole({ dataDir, clock: { now: () => first.clock.atMs } });
    if (step === 'snapshot.part-fetched') expect(startedFrom(second)).toBeUndefined();
    else {
      // All that it needs lies on its disk: it goes on alone.
      expect(startedFrom(second)).toBe('2026-04');
      expect(placeOf(second)).toMatchObject({ place: 'dropped' });
    }
    await villageOf(first).node.setOnline(true);
    await vi.waitFor(async () => {
      await converge(first, second);
      expect(startedFrom(second)).toBe('2026-04');
    }, WAIT);
    expect(placeOf(second)).toMatchObject({ place: 'dropped' });
    expect(placeOf(second, '2026-05')).toMatchObject({ place: 'here' });
    expect(villageOf(second).state().epochs).toEqual(villageOf(first).state().epochs);
    await villageOf(second).rebuild();
    // The first gives keys of those who came before when its turn has come, which may be now.
    await converge(first, second);
    await second.stop();
  },
  HANG_MS,
);
