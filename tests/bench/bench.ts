/** What a person asked of this run. */
export interface BenchOptions {
  /** How often each side is measured. */
  readonly runs: number;
  /** Larger amounts. */
  readonly full: boolean;
  readonly note: (line: string) => void;
}

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
}

/** The same job done another way, in the same run. */
export interface Compared {
  readonly name: string;
  readonly measured: Spread;
  /** Ours / reference, medians. */
  readonly ratio: number;
}

export interface Row {
  readonly what: string;
  readonly unit: 'records/s' | 's' | 'MB/s';
  readonly ours: Spread;
  readonly references: readonly Compared[];
  /** Ratios that the issue asks for by name; in JSON they stand beside the rest of the row. */
  readonly figures?: Readonly<Record<string, number>>;
  /** Amounts, memory and whatever else tells what was measured. */
  readonly notes: Readonly<Record<string, string | number | null>>;
  /** Whether what came out was what had to come out. Times are never judged. */
  readonly right: boolean;
}

export interface Skipped {
  readonly skipped: string;
}

export interface BenchEntry {
  readonly name: string;
  /** Rows that are asked for together, and then measured five times. */
  readonly group?: 'replicate';
  readonly measure: (options: BenchOptions) => Promise<Row | Skipped>;
}

/** Nobody can read more digits out of a shared machine. */
const round = (value: number): number => Number(value.toPrecision(4));

export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  const [min, max] = [sorted[0], sorted.at(-1)];
  if (low === undefined || high === undefined || min === undefined || max === undefined)
    throw new Error('a row needs at least one run');
  return { median: round((low + high) / 2), min: round(min), max: round(max), runs: sorted.length };
}

export function compare(ours: Spread, name: string, values: readonly number[]): Compared {
  const measured = spreadOf(values);
  return { name, measured, ratio: round(ours.median / measured.median) };
}

/** One turn measures ours and the references, so that a busy moment of the machine falls on all of them. */
export async function takeTurns<T>(runs: number, turn: (run: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let run = 0; run < runs; run++) results.push(await turn(run));
  return results;
}
