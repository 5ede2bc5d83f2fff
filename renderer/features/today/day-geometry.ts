import type { Source } from '../../ui/words.ts';

export interface DayHour {
  readonly fromMs: number;
  readonly madeWh: readonly { readonly source: Source; readonly wh: bigint }[];
  readonly usedWh: bigint | null;
  readonly basis: 'measured' | 'expected' | 'gap';
}
export interface DayFrame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly bottom: number;
  readonly top: number;
}
export interface DayColumn {
  readonly key: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly source: Source;
  readonly expected: boolean;
}
export interface DayDrawing {
  readonly columns: readonly DayColumn[];
  readonly holes: readonly { readonly key: string; readonly x: number; readonly width: number }[];
  /** The best place to write each source's name inside its own columns. */
  readonly names: readonly { readonly source: Source; readonly x: number; readonly y: number }[];
  readonly use: readonly { readonly key: string; readonly path: string; readonly expected: boolean }[];
  readonly ticks: readonly { readonly y: number; readonly wh: number }[];
  readonly nowX: number | null;
  readonly baseY: number;
  readonly hourX: (index: number) => number;
}

/** From the axis up: what runs all day lies under what comes and goes. */
const STACKED: readonly Source[] = ['hydro', 'biomass', 'wind', 'solar', 'grid', 'diesel', 'battery'];
const STEPS = [1, 2, 2.5, 5, 10];

/** A round step so that at most four lines reach the top. */
export function tickStep(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most / 3));
  return (STEPS.find((x) => x * power * 4 > most) ?? 10) * power;
}

/** The day by the hour: stacked columns, holes where nobody heard, the line of use broken where it is not known. */
export function layDay(hours: readonly DayHour[], nowMs: number, frame: DayFrame): DayDrawing {
  const width = (frame.width - frame.left) / Math.max(1, hours.length);
  const made = (h: DayHour) => h.madeWh.reduce((a, m) => a + Math.max(0, Number(m.wh)), 0);
  const most = Math.max(1, ...hours.map((h) => Math.max(made(h), Number(h.usedWh ?? 0n))));
  const step = tickStep(most);
  const top = Math.max(most, step);
  const baseY = frame.height - frame.bottom;
  const y = (wh: number) => baseY - (wh / top) * (baseY - frame.top);
  const hourX = (i: number) => frame.left + i * width;

  const columns: DayColumn[] = [];
  const holes: { key: string; x: number; width: number }[] = [];
  for (const [i, h] of hours.entries()) {
    if (h.basis === 'gap') {
      // An hour that is still to come and cannot be expected yet is simply empty.
      if (h.fromMs < nowMs) holes.push({ key: `gap-${h.fromMs}`, x: hourX(i), width });
      continue;
    }
    let from = 0;
    const steadyFirst = h.madeWh.toSorted((a, b) => STACKED.indexOf(a.source) - STACKED.indexOf(b.source));
    for (const [k, m] of steadyFirst.entries()) {
      const wh = Math.max(0, Number(m.wh));
      if (wh === 0) continue;
      const [upper, lower] = [y(from + wh), y(from)];
      const key = `${h.fromMs}-${k}`;
      columns.push({
        key,
        x: hourX(i),
        y: upper,
        width,
        height: lower - upper,
        source: m.source,
        expected: h.basis === 'expected',
      });
      from += wh;
    }
  }
  const first = hours[0]?.fromMs ?? 0;
  const nowAt = (nowMs - first) / 3_600_000;
  return {
    columns,
    holes,
    names: namesIn(columns, width),
    use: linesOfUse(hours, hourX, width, y),
    ticks: Array.from({ length: Math.floor(top / step) }, (_, i) => ({ wh: step * (i + 1), y: y(step * (i + 1)) })),
    nowX: nowAt >= 0 && nowAt <= hours.length ? hourX(nowAt) : null,
    baseY,
    hourX,
  };
}

const LEAST_NAME_PX = 18;
const LEAST_NAME_COLUMNS = 3;

/** In the middle of the longest run of columns of each source that are high enough for a name. */
function namesIn(columns: readonly DayColumn[], width: number): DayDrawing['names'] {
  const tall = Map.groupBy(
    columns.filter((c) => !c.expected && c.height >= LEAST_NAME_PX),
    (c) => c.source,
  );
  return [...tall].flatMap(([source, own]) => {
    const run = longestRun(own, width);
    const middle = run[Math.floor(run.length / 2)];
    if (!middle || run.length < LEAST_NAME_COLUMNS) return [];
    return [{ source, x: middle.x + width / 2, y: middle.y + middle.height / 2 + 5 }];
  });
}

function longestRun(columns: readonly DayColumn[], width: number): readonly DayColumn[] {
  let best: readonly DayColumn[] = [];
  let run: DayColumn[] = [];
  for (const c of columns) {
    const last = run.at(-1);
    run = last && Math.abs(last.x + width - c.x) < 1 ? [...run, c] : [c];
    if (run.length > best.length) best = run;
  }
  return best;
}

interface UseLine {
  readonly key: string;
  path: string;
  readonly expected: boolean;
}

function linesOfUse(
  hours: readonly DayHour[],
  hourX: (i: number) => number,
  width: number,
  y: (wh: number) => number,
): UseLine[] {
  const lines: UseLine[] = [];
  let open = null as UseLine | null;
  for (const [i, h] of hours.entries()) {
    const expected = h.basis === 'expected';
    if (h.usedWh === null || h.basis === 'gap') {
      open = null;
      continue;
    }
    const level = y(Number(h.usedWh)).toFixed(1);
    const end = (hourX(i) + width).toFixed(1);
    if (open?.expected === expected) open.path += `V${level}H${end}`;
    else {
      open = { key: `use-${h.fromMs}`, path: `M${hourX(i).toFixed(1)} ${level}H${end}`, expected };
      lines.push(open);
    }
  }
  return lines;
}
