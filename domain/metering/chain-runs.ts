/**
 * Frames of one meter by one gateway, or segments of one gateway, that follow one another without a hole: all that is
 * kept of a chain is where its pieces begin and end.
 */
export interface ChainRun {
  readonly device: string;
  /** {@link SEGMENT_CHAIN} for the chain of the gateway's segments. */
  readonly meter: string;
  /** What its first one follows: the leaf of a frame, or the CID of a segment; null where it follows nothing. */
  readonly head: string | null;
  /** Leaf or CID of its last one. */
  readonly tail: string;
  /** The segment that its first one is in, or is. */
  readonly segment: string;
}

export const SEGMENT_CHAIN = '';

type Run = { -readonly [K in keyof ChainRun]: ChainRun[K] };

/**
 * Joins runs at their ends, in any order. How many begin at each head is the same whatever the order: as many as name it,
 * less as many as end there. So an honest chain is one run from null, and where two follow the same one, a run is left.
 */
export function joinRuns(runs: Iterable<ChainRun>): ChainRun[] {
  return joinEnds(joinNeighbours(runs));
}

/** What comes in the order of its chain, forward or back, needs no index: nearly everything does. */
function joinNeighbours(runs: Iterable<ChainRun>): Run[] {
  const made: Run[] = [];
  const newest = new Map<string, Map<string, Run>>();
  for (const { device, meter, head, tail, segment } of runs) {
    const ofDevice = newest.get(device) ?? new Map<string, Run>();
    newest.set(device, ofDevice);
    const run = ofDevice.get(meter);
    if (run?.head === tail) {
      run.head = head;
      run.segment = segment;
    } else if (run && run.tail === head) run.tail = tail;
    else {
      const begun = { device, meter, head, tail, segment };
      made.push(begun);
      ofDevice.set(meter, begun);
    }
  }
  return made;
}

function joinEnds(runs: readonly Run[]): Run[] {
  const made = new Set<Run>();
  const [starting, ending] = [new Ends('head'), new Ends('tail')];
  for (const piece of runs) {
    const { head, tail } = piece;
    const before = head === null ? undefined : ending.take(piece, head);
    const run = before ?? piece;
    if (before) before.tail = tail;
    else made.add(piece);
    const after = starting.take(run, tail);
    if (after && after !== run) {
      run.tail = after.tail;
      made.delete(after);
      ending.drop(after);
    }
    ending.add(run);
    if (!before) starting.add(run);
  }
  return [...made];
}

/** Runs by one of their ends. */
class Ends {
  readonly #at = new Map<string, Run[]>();
  readonly #end: 'head' | 'tail';
  constructor(end: 'head' | 'tail') {
    this.#end = end;
  }
  add(run: Run): void {
    const end = run[this.#end];
    if (end === null) return;
    const there = this.#at.get(end);
    if (there) there.push(run);
    else this.#at.set(end, [run]);
  }
  /** One of the same chain as `like`. */
  take({ device, meter }: ChainRun, end: string): Run | undefined {
    const found = this.#at.get(end)?.find((r) => r.device === device && r.meter === meter);
    if (found) this.drop(found);
    return found;
  }
  drop(run: Run): void {
    const end = run[this.#end];
    const there = end === null ? undefined : this.#at.get(end);
    const place = there?.indexOf(run) ?? -1;
    if (end === null || !there || place < 0) return;
    if (there.length === 1) this.#at.delete(end);
    else there.splice(place, 1);
  }
}
