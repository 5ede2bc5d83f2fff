/**
 * Every step at which a process may be killed and must come back to the same state: one before and one after each act
 * that leaves a trace on disk or on the network. The crash test kills at each of them in turn.
 */
export const STEPS = [
  'reading.stored',
  'frame.sealed',
  'segment.block-stored',
  'segment.announced',
  'record.before-append',
  'record.appended',
  'record.folded',
  'sync.entries-sent',
  'sync.entries-stored',
  'sync.block-fetched',
  'agreement.signed',
  'close.proposed',
  'close.signed',
  'chain.tx-persisted',
  'chain.tx-broadcast',
  'chain.receipt-seen',
  'chain.receipt-recorded',
] as const;
/** Those of a console that starts from a signed checkpoint. */
export const START_STEPS = [
  'snapshot.part-fetched',
  'snapshot.group-taken',
  'checkpoint.adopted',
  'checkpoint.months-noted',
] as const;
export type Step = (typeof STEPS)[number] | (typeof START_STEPS)[number];

const seen = new Map<Step, number>();
const [wanted, nth] = (process.env['GRIDPACT_KILL_AT'] ?? '').split(':');

/** Marks a step. With GRIDPACT_KILL_AT=step[:n] in the environment the process kills itself at the n-th pass. */
export function step(name: Step): void {
  if (wanted !== name) return;
  const n = (seen.get(name) ?? 0) + 1;
  seen.set(name, n);
  if (n === Number(nth ?? 1)) process.kill(process.pid, 'SIGKILL');
}
