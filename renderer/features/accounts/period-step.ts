import type { PeriodState } from '../../ui/words.ts';

const STEP: Record<PeriodState, number> = { open: 0, proposed: 1, signed: 2, queued: 2, sent: 2, settled: 3, final: 4 };

/** Which of preview 0, co-sign 1, queue 2, final 3 is under way; 4 when all are done. */
export const stepOf = (state: PeriodState): number => STEP[state];
