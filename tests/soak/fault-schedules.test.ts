import { randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { assembleCast } from './cast.ts';
import { runSchedules } from './run-schedules.ts';
import { runSchedule } from './schedule.ts';

/** Replays one schedule: GRIDPACT_SOAK_SEED=<seed of the message>. */
const replayed = process.env['GRIDPACT_SOAK_SEED'];
const SCHEDULES = 200;
const HANG_MS = 600_000;
const cast = assembleCast();

test('after 200 random schedules of writing, meeting, parting, crashing and starting again no record is lost and none divergent (J7)', {
  timeout: HANG_MS,
}, async () => {
  const seed = replayed === undefined ? randomInt(2 ** 31) : Number(replayed);
  console.log(`fault schedules from seed ${seed}`);
  const failures: string[] = [];
  let records = 0;
  await runSchedules(cast, { seed, count: replayed === undefined ? SCHEDULES : 1 }, (outcome) => {
    if (outcome instanceof Error) failures.push(outcome.message);
    else records += outcome.acknowledged;
  });
  expect(failures).toEqual([]);
  expect(records).toBeGreaterThan(0);
});

test('a console that tells a write done and loses it is caught', async () => {
  for (const seed of [1, 2]) {
    await expect(runSchedule(cast, { seed, plantDroppedCommit: true })).rejects.toThrow(
      new RegExp(`^schedule ${seed}: [^]*planted: `),
    );
  }
});
