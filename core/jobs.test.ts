import { expect, test } from 'vitest';
import { createJobs, type JobState } from './jobs.ts';
import { AppError } from './ports/errors.ts';

const clock = { atMs: 1_000_000, now: () => clock.atMs };
function openJobs() {
  const logged: string[] = [];
  let changes = 0;
  const jobs = createJobs(
    clock,
    () => {
      changes += 1;
    },
    (line) => logged.push(line),
  );
  return { jobs, logged, changes: () => changes };
}
async function lastOf(watch: AsyncIterable<JobState>): Promise<JobState | undefined> {
  let last: JobState | undefined;
  for await (const state of watch) last = state;
  return last;
}

test('a job tells its progress, ends its watch when it is done, and keeps its result', async () => {
  const { jobs, changes } = openJobs();
  const { promise: gate, resolve: open } = Promise.withResolvers<undefined>();
  const job = jobs.start('import', async ({ progress }) => {
    progress('storing', 1, 2);
    await gate;
    return { hours: 24 };
  });
  const watch = jobs.watch(job);
  expect((await watch.next()).value).toMatchObject({ state: 'running', stage: 'storing', done: 1, of: 2 });
  open(undefined);
  expect(await lastOf(watch)).toMatchObject({ state: 'done', done: 2, result: { hours: 24 } });
  expect(await lastOf(jobs.watch(job))).toMatchObject({ state: 'done' });
  expect(changes()).toBeGreaterThan(1);
});

test('a cancelled job is told by its signal and ends as cancelled; to end a watch cancels nothing', async () => {
  const { jobs } = openJobs();
  const waits = ({ signal }: { signal: AbortSignal }) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
  const job = jobs.start('close', waits);
  const away = new AbortController();
  const watching = lastOf(jobs.watch(job, away.signal));
  away.abort();
  expect(await watching).toMatchObject({ state: 'running' });
  const again = lastOf(jobs.watch(job));
  jobs.cancel(job);
  expect(await again).toMatchObject({ state: 'cancelled', error: null });
});

test('a failed job says why in words for a person; a defect is masked there and told to the log', async () => {
  const { jobs, logged } = openJobs();
  const full = jobs.start('import', () =>
    Promise.reject(new AppError('DISK_FULL', 'No space left.', { data: { n: 1 } })),
  );
  expect(await lastOf(jobs.watch(full))).toMatchObject({
    state: 'failed',
    error: { code: 'DISK_FULL', detail: 'No space left.', values: { n: 1 } },
  });
  const broken = jobs.start('import', () => Promise.reject(new Error('secret path')));
  const state = await lastOf(jobs.watch(broken));
  expect(state?.error).toMatchObject({ code: 'INTERNAL' });
  expect(JSON.stringify(state)).not.toContain('secret path');
  expect(logged.join()).toContain('secret path');
});

test('a finished job is kept for an hour, a running one for as long as it runs', async () => {
  const { jobs } = openJobs();
  const done = jobs.start('a', () => Promise.resolve({}));
  await lastOf(jobs.watch(done));
  const runs = jobs.start(
    'b',
    ({ signal }) => new Promise((_, no) => signal.addEventListener('abort', () => no(new Error()))),
  );
  clock.atMs += 3_600_001;
  const next = jobs.start('c', () => Promise.resolve({}));
  expect(jobs.list().map((j) => j.job)).toEqual([runs, next]);
  await jobs.stop();
  expect(jobs.list().map((j) => j.state)).toEqual(['cancelled', 'done']);
});

test('there is no watching or cancelling a job that does not exist', async () => {
  const { jobs } = openJobs();
  await expect(lastOf(jobs.watch('none'))).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(() => jobs.cancel('none')).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }));
});
