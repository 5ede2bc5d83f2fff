import { deserialize, serialize } from 'node:v8';
import { createBreath } from '#core/breath.ts';
import type { DataKey } from '#core/crypto/data-key.ts';
import { AppError } from '#core/ports/errors.ts';
import type { StoredFrame } from '#core/storage/segment-tables.ts';
import type { VillageStore } from '#core/storage/village-store.ts';
import type { Frame } from '#domain/metering/frame.ts';
import type { TrustLevel } from '#domain/metering/trust.ts';
import { type Interval, judgePiece, NO_ENERGY } from '#domain/metering/vee.ts';
import type { FrameFact, MonthAccounts, MonthEnergy } from '#domain/settlement/accounts.ts';
import { DAY_MS, dayOf, dayStart, type Month, monthSpan, UTC } from '#domain/time.ts';
import type { VillageState } from '#domain/village/state.ts';
import { type DayInputs, dayInputs, olderStamp, type SegmentsKept, segmentsKept } from './day-inputs.ts';
import { type DaySums, judgeMeterDay, type MeterDay, type MeterHours } from './day-sums.ts';
import { createJudgedDays, type JudgedDays } from './judged-days.ts';
import { keepIfRoom } from './keep-if-room.ts';
import { createMonthEnergies, type MonthEnergies } from './month-energy.ts';
import { monthExported } from './month-exported.ts';
import { monthStamps } from './month-stamps.ts';
import type { OpenPlain } from './stored-frames.ts';

/** What the segments tell. Every answer is bounded by the window it is asked for; nothing is ever read whole. */
export interface Readings {
  /** Frames of a meter that start in [fromMs, toMs) and can be read, in order of time. Errors: MONTH_EXPORTED. */
  readonly frames: (meter: string, fromMs: number, toMs: number) => FrameFact[];
  /** The same without those of months that are in a file. */
  readonly framesHere: (meter: string, fromMs: number, toMs: number) => FrameFact[];
  /** The newest edge of a meter's frames, at `untilMs` or before, at which a frame tells a wanted register. */
  readonly lastEdge: (meter: string, untilMs: number, isWanted: (frame: Frame, edge: number) => boolean) => Edge | null;
  readonly trustOf: (fact: FrameFact) => TrustLevel;
  /** Judged intervals of a meter that start in [fromMs, toMs). */
  readonly intervals: (meter: string, fromMs: number, toMs: number) => readonly Interval[];
  /** The days of village time that touch [fromMs, toMs) of one meter, by its own frames alone where they are here. */
  readonly ofMeter: (meter: string, fromMs: number, toMs: number) => Promise<MeterOnDay[]>;
  /** The days of village time that touch [fromMs, toMs), in order. */
  readonly days: (fromMs: number, toMs: number) => Promise<DaySums[]>;
  /** The same days hour by hour, by the start of each. */
  readonly hours: (fromMs: number, toMs: number) => Promise<Map<number, ReadonlyMap<string, MeterHours>>>;
  /** Energy of months by the present state, or by that of a cut. Every meter of the state is in it. Errors: MONTH_EXPORTED. */
  readonly energyIn: (months: readonly Month[], state?: VillageState) => Promise<(month: Month) => MonthEnergy>;
  /** As far as it is known without readings that were put away: for showing, never for money. */
  readonly energyShown: (months: readonly Month[]) => Promise<(month: Month) => MonthEnergy>;
  /**
   * Days on which spikes wait for a decision, newest first. Judges what was not judged yet, where that is much the rest
   * of it after the answer.
   */
  readonly pendingDays: () => Promise<DaySums[]>;
  /** Accounts this console recomputed from the cut of a close and found to be the proposed ones. */
  readonly keptClose: (digest: string) => MonthAccounts | undefined;
  readonly keepClose: (digest: string, accounts: MonthAccounts) => void;
  /** The first month whose readings of [fromMs, toMs) are in a file and not here. */
  readonly awayIn: (fromMs: number, toMs: number) => Month | undefined;
  /** Judges every day that the segments of a UTC month touch; false where the disk has no room to keep them. */
  readonly keepMonth: (month: Month) => Promise<boolean>;
  /** Start of the day of village time in which an instant lies. */
  readonly dayStartOf: (ms: number) => number;
  /** Segments were opened or dropped, of this UTC day and later ones; without a day: of any. */
  readonly onSegments: (oldestMs?: number) => void;
  readonly stop: () => Promise<void>;
}

/** Null on both sides: nothing was told of the meter. */
export interface MeterOnDay {
  readonly fromMs: number;
  readonly sums: MeterDay | null;
  readonly hours: MeterHours | null;
}
export interface Edge {
  readonly frame: Frame;
  readonly edge: number;
  readonly atMs: number;
}

interface KeptClose {
  readonly digest: string;
  readonly accounts: MonthAccounts;
}
const CLOSES = 'verified closes';

export interface ReadingsSource {
  readonly store: VillageStore;
  readonly dataKey: DataKey;
  readonly openPlain: OpenPlain;
  readonly state: () => VillageState;
  /** The state stands on what lies settled in the tables at this moment. */
  readonly isOnRows: (state: VillageState) => boolean;
  /** Told after days were judged that nobody waited for. */
  readonly onJudged: () => void;
}

/** Days judged before an answer; a year that just came in is judged after it. */
const JUDGED_AT_ONCE = 3;
/** Days looked at before an answer; those before them are looked through after it. */
const RECENT_DAYS = 40;

export function createReadings(source: ReadingsSource): Readings {
  const { store, dataKey, openPlain, state, isOnRows, onJudged } = source;
  let stopped = false;
  let kept: SegmentsKept | undefined;
  let inputsBy = new WeakMap<VillageState, DayInputs>();

  const inputsFrom = (of: VillageState, from: SegmentsKept): DayInputs => {
    let stamps: ReturnType<typeof monthStamps> | undefined;
    return dayInputs(of, from, () => {
      if (!isOnRows(of) || !from.isPresent()) return undefined;
      stamps ??= monthStamps(of, from);
      return stamps;
    });
  };
  const inputsOf = (of: VillageState): DayInputs => {
    if (kept?.isPresent() === false) {
      kept = undefined;
      inputsBy = new WeakMap();
    }
    kept ??= segmentsKept(store);
    const known = inputsBy.get(of) ?? inputsFrom(of, kept);
    inputsBy.set(of, known);
    return known;
  };
  const present = (): DayInputs => inputsOf(state());
  const days = createJudgedDays(store, dataKey, openPlain, present);
  /** What is still being answered when the village is closed ends here, before it meets a closed store. */
  const goOn = (): JudgedDays => {
    if (stopped) throw new AppError('CANCELLED', 'This village is being closed.');
    return days;
  };
  const judged: JudgedDays = {
    sums: (inputs, at) => goOn().sums(inputs, at),
    shown: (inputs, at) => goOn().shown(inputs, at),
    keep: (inputs, at) => goOn().keep(inputs, at),
    hours: (inputs, at) => goOn().hours(inputs, at),
    unjudged: (inputs, days) => goOn().unjudged(inputs, days),
    frames: (stored) => goOn().frames(stored),
  };
  const months = createMonthEnergies(store, dataKey, judged);
  const shownMonths = createMonthEnergies(store, dataKey, { sums: judged.shown }, false);
  const open = (stored: readonly StoredFrame[]): FrameFact[] => {
    const accepted = state().segments;
    return judged.frames(stored.filter((f) => accepted.has(f.segment)));
  };
  const zone = () => ({ offsetMin: state().founding?.zoneOffsetMin ?? 0 });
  const dayStartOf = (ms: number): number => dayStart(dayOf(ms, zone()), zone());
  const eachDay = async <T>(fromMs: number, toMs: number, of: (inputs: DayInputs, at: number) => T): Promise<T[]> => {
    const breath = createBreath();
    const out: T[] = [];
    for (let at = dayStartOf(fromMs); at < toMs; at += DAY_MS) {
      await breath();
      goOn();
      out.push(of(present(), at));
    }
    return out;
  };
  const energyBy = async (energies: MonthEnergies, asked: readonly Month[], of: VillageState) => {
    const found = await energies.of(inputsOf(of), asked);
    const ids = [...of.meters.keys()];
    return (month: Month): MonthEnergy => {
      const { meters, duplicates } = found.get(month) ?? { meters: new Map<string, never>(), duplicates: 0 };
      return { duplicates, meters: new Map(ids.map((id) => [id, meters.get(id) ?? NO_ENERGY])) };
    };
  };
  let caughtUp: DayInputs | undefined;
  /** Set while the days before are looked through; what an older day is made of hardly ever changes. */
  let resting: Promise<void> | undefined;
  const recentDays = ({ firstMs, lastMs }: NonNullable<DayInputs['span']>) => {
    const last = dayStartOf(lastMs + DAY_MS - 1);
    return { first: Math.max(last - RECENT_DAYS * DAY_MS, dayStartOf(firstMs)), last };
  };
  const judgeAll = async (days: readonly number[]): Promise<void> => {
    const breath = createBreath();
    for (const at of days) {
      await breath();
      if (stopped) return;
      judged.sums(present(), at);
    }
  };
  const judgeOlder = async (before: number, stamp: string): Promise<void> => {
    const breath = createBreath();
    const { span } = present();
    for (let at = before - DAY_MS; span && at >= span.firstMs - DAY_MS; at -= DAY_MS) {
      await breath();
      if (stopped) return;
      for (const day of judged.unjudged(present(), [at])) judged.sums(present(), day);
    }
    store.putDaysLooked(stamp);
  };
  const catchUp = async (): Promise<void> => {
    const inputs = present();
    if (!inputs.span || caughtUp === inputs || resting) return;
    const { first, last } = recentDays(inputs.span);
    const recent = Array.from({ length: (last - first) / DAY_MS + 1 }, (_, i) => last - i * DAY_MS);
    const open = judged.unjudged(inputs, recent);
    await judgeAll(open.slice(0, JUDGED_AT_ONCE));
    const stamp = olderStamp(state(), first);
    const isOlderSame = stamp === store.daysLooked();
    if (open.length <= JUDGED_AT_ONCE) caughtUp = inputs;
    if (open.length <= JUDGED_AT_ONCE && isOlderSame) return;
    resting ??= judgeAll(open.slice(JUDGED_AT_ONCE))
      .then(() => (isOlderSame ? undefined : judgeOlder(first, stamp)))
      // Nobody waits for this: a day that failed is judged again when it is asked for, and says why.
      .catch(() => undefined)
      .finally(() => {
        resting = undefined;
        if (!stopped) onJudged();
      });
  };
  const framesHere = (meter: string, fromMs: number, toMs: number): FrameFact[] =>
    open(store.framesOf(meter, fromMs, toMs));
  const frames = (meter: string, fromMs: number, toMs: number): FrameFact[] => {
    const away = present().awayIn(fromMs, toMs);
    if (away !== undefined) throw monthExported(store, away);
    return framesHere(meter, fromMs, toMs);
  };
  return {
    frames,
    framesHere,
    lastEdge(meter, untilMs, isWanted) {
      let best: Edge | null = null;
      for (let before = untilMs + 1; ; ) {
        const [newest] = store.lastFrames(meter, before, 1);
        if (!newest) return best;
        const day = Math.floor(newest.fromMs / DAY_MS) * DAY_MS;
        // Frames lie within a day: those of the days before end where this one begins.
        if (best && day + DAY_MS <= best.atMs) return best;
        for (const { frame } of open(store.framesOf(meter, day, before))) {
          for (let edge = frame.asked.length; edge >= 0; edge--) {
            const atMs = frame.fromMs + edge * frame.stepMs;
            if (atMs > untilMs) continue;
            if (best && atMs <= best.atMs) break;
            if (isWanted(frame, edge)) best = { frame, edge, atMs };
          }
        }
        before = day;
      }
    },
    trustOf: (fact) => present().rules.trustOf(fact),
    intervals(meter, fromMs, toMs) {
      const { rules } = present();
      const day = (ms: number): number => Math.floor(ms / DAY_MS) * DAY_MS;
      const facts = frames(meter, day(fromMs), day(toMs - 1) + DAY_MS);
      const raw = rules.intervalsOf(facts).get(meter) ?? [];
      const limitW = rules.state.meters.get(meter)?.limitW ?? 0;
      return judgePiece(raw, limitW, rules.decisionsOn(meter), fromMs, toMs).intervals;
    },
    ofMeter: (meter, fromMs, toMs) =>
      eachDay(fromMs, toMs, (inputs, at) => {
        if (inputs.awayIn(at, at + DAY_MS) !== undefined) {
          const sums = judged.shown(inputs, at).meters.get(meter) ?? null;
          return { fromMs: at, sums, hours: judged.hours(inputs, at).get(meter) ?? null };
        }
        const utc = Math.floor(at / DAY_MS) * DAY_MS;
        const facts = frames(meter, utc, Math.ceil((at + DAY_MS) / DAY_MS) * DAY_MS);
        return { fromMs: at, ...judgeMeterDay(inputs.rules, meter, facts, at) };
      }),
    days: (fromMs, toMs) => eachDay(fromMs, toMs, (inputs, at) => judged.shown(inputs, at)),
    async hours(fromMs, toMs) {
      const found = await eachDay(fromMs, toMs, (inputs, at) => [at, judged.hours(inputs, at)] as const);
      return new Map(found);
    },
    energyIn: (asked, of = state()) => energyBy(months, asked, of),
    energyShown: (asked) => energyBy(shownMonths, asked, state()),
    keptClose(digest) {
      const sealed = store.verifiedClose(digest);
      const kept = sealed && (deserialize(dataKey.open(CLOSES, sealed)) as KeptClose);
      return kept?.digest === digest ? kept.accounts : undefined;
    },
    keepClose: (digest, accounts) =>
      keepIfRoom(() =>
        store.putVerifiedClose(digest, dataKey.seal(CLOSES, serialize({ digest, accounts } satisfies KeptClose))),
      ),
    async pendingDays() {
      await catchUp();
      const breath = createBreath();
      const out: DaySums[] = [];
      for (const at of store.pendingDays()) {
        await breath();
        out.push(judged.shown(present(), at));
      }
      return out;
    },
    awayIn: (fromMs, toMs) => present().awayIn(fromMs, toMs),
    async keepMonth(month) {
      const { from, to } = monthSpan(month, UTC);
      const kept = await eachDay(from, to, (inputs, at) => judged.keep(inputs, at));
      return kept.every((is) => is);
    },
    async stop() {
      stopped = true;
      await resting;
    },
    dayStartOf,
    onSegments(oldestMs = 0) {
      const { span } = present();
      if (span && oldestMs < recentDays(span).first && store.daysLooked() !== '') store.putDaysLooked('');
      kept = undefined;
      inputsBy = new WeakMap();
    },
  };
}
