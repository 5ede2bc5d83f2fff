import { DAY_MS, dayOf, type Month, monthSpan, UTC } from '#domain/time.ts';
import type { VillageState } from '#domain/village/state.ts';
import { DAY_FORMAT } from './day-codec.ts';
import { fingerprint, markOf, metaOf, type SegmentsKept } from './day-inputs.ts';

/**
 * What the energy of months up to one is made of beside what lies settled in rows, of which the tables tell themselves
 * when it changes: equal stamps, equal energy.
 */
export function monthStamps(state: VillageState, kept: SegmentsKept): (month: Month) => string {
  const zone = { offsetMin: state.founding?.zoneOffsetMin ?? 0 };
  const laid = laidMarks(state, kept);
  const meters = [...state.meters.values()];
  return (month) => {
    const { to } = monthSpan(month, zone);
    // Frames around its end reach into it.
    const lastDay = dayOf(to + 2 * DAY_MS, UTC);
    const entered = meters.filter((m) => m.sinceMs < to + 2 * DAY_MS).map((m) => `${metaOf(m)} ${m.sinceMs}`);
    const marks = laid.filter(({ day }) => day <= lastDay).map(({ mark }) => mark);
    return fingerprint(`${DAY_FORMAT} ${zone.offsetMin}`, ...entered.sort(), ...marks);
  };
}

interface LaidMark {
  readonly day: string;
  readonly mark: string;
}
function laidMarks(state: VillageState, kept: SegmentsKept): LaidMark[] {
  const marks: LaidMark[] = [];
  const segments = state.segments.laid();
  for (const some of [segments.changed, segments.fresh])
    for (const ref of some.values()) marks.push({ day: ref.day, mark: markOf(ref, kept, state) ?? '' });
  const decisions = state.decisions.laid();
  for (const some of [decisions.changed, decisions.fresh])
    for (const [id, d] of some) marks.push({ day: dayOf(d.fromMs, UTC), mark: `${id} ${d.action}` });
  const vouched = state.vouched.laid();
  for (const some of [vouched.changed, vouched.fresh])
    for (const cid of some.keys()) marks.push({ day: state.segments.get(cid)?.day ?? '', mark: `vouched ${cid}` });
  return marks.filter(({ mark }) => mark !== '').sort((a, b) => (a.mark < b.mark ? -1 : 1));
}
