import type { KnownRecord } from './record.ts';

const byClock = (a: KnownRecord, b: KnownRecord): number =>
  a.at.ms - b.at.ms || a.at.n - b.at.n || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

interface Node {
  readonly record: KnownRecord;
  /** Parents in the set that do not stand in the list yet. */
  waits: number;
  children: Node[] | undefined;
}

/**
 * The one order in which every peer folds what no cut holds yet: causal order (`prev`, `seen`), then (clock, id). A pure
 * function of the set: any order of arrival gives the same list. Kahn's algorithm over a binary heap.
 */
export function orderRecords(records: readonly KnownRecord[]): KnownRecord[] {
  const nodes = new Map<string, Node>();
  for (const record of records) nodes.set(record.id, { record, waits: 0, children: undefined });
  for (const node of nodes.values()) {
    for (const id of parentsOf(node.record)) {
      const parent = nodes.get(id);
      if (!parent || parent === node) continue;
      node.waits += 1;
      if (parent.children) parent.children.push(node);
      else parent.children = [node];
    }
  }
  const heap = new Heap();
  for (const node of nodes.values()) if (node.waits === 0) heap.push(node);
  const out: KnownRecord[] = [];
  for (let node = heap.pop(); node; node = heap.pop()) {
    out.push(node.record);
    for (const child of node.children ?? []) {
      child.waits -= 1;
      if (child.waits === 0) heap.push(child);
    }
  }
  return out;
}

/** Each once. */
function parentsOf({ prev, seen }: KnownRecord): Iterable<string> {
  if (seen.length > 0) return new Set(prev === null ? seen : [prev, ...seen]);
  return prev === null ? [] : [prev];
}

class Heap {
  readonly #items: Node[] = [];
  push(node: Node): void {
    const a = this.#items;
    a.push(node);
    for (let i = a.length - 1; i > 0; ) {
      const p = (i - 1) >> 1;
      if (byClock((a[p] as Node).record, (a[i] as Node).record) <= 0) break;
      [a[p], a[i]] = [a[i] as Node, a[p] as Node];
      i = p;
    }
  }
  pop(): Node | undefined {
    const a = this.#items;
    const top = a[0];
    const last = a.pop();
    if (!top || !last || a.length === 0) return top;
    a[0] = last;
    for (let i = 0; ; ) {
      let m = i;
      for (const c of [2 * i + 1, 2 * i + 2]) {
        const child = a[c];
        if (child && byClock(child.record, (a[m] as Node).record) < 0) m = c;
      }
      if (m === i) return top;
      [a[m], a[i]] = [a[i] as Node, a[m] as Node];
      i = m;
    }
  }
}
