import { eventIterator } from '@orpc/contract';
import * as z from 'zod';
import { base } from './shared.ts';

export const TOPICS = [
  'villages',
  'members',
  'meters',
  'readings',
  'assets',
  'agreements',
  'accounts',
  'sync',
  'jobs',
] as const;
export const topic = z.enum(TOPICS);

/** One stream for everything: something under this topic changed, ask again. `seq` grows by one; start from what you have. */
export const changes = base
  .input(z.object({ since: z.int() }))
  .output(eventIterator(z.object({ seq: z.int(), topic, village: z.string().nullable() })));

export const jobState = z.object({
  job: z.string(),
  kind: z.string(),
  stage: z.string(),
  done: z.int(),
  of: z.int(),
  state: z.enum(['running', 'done', 'failed', 'cancelled']),
  startedAtMs: z.int(),
  error: z
    .object({ code: z.string(), detail: z.string(), values: z.record(z.string(), z.union([z.string(), z.number()])) })
    .nullable(),
  result: z.record(z.string(), z.union([z.string(), z.number()])).nullable(),
});
export const jobs = {
  list: base.output(z.object({ jobs: z.array(jobState) })),
  /** Yields the present state, then each change, and ends with the job. Closing the watch does not cancel the job. */
  watch: base.input(z.object({ job: z.string() })).output(eventIterator(jobState)),
  cancel: base.input(z.object({ job: z.string() })).output(z.object({})),
};
