import type { KnownRecord } from './record.ts';

const byClock = (a: KnownRecord, b: KnownRecord): number =>
  a.at.ms - b.at.ms || a.at.n - b.at.n || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/**
 * The one order in which every peer folds what no cut holds yet: causal order (`prev`, `seen`), then (clock, id). A pure
 * function of the set: any order of arrival gives the same list. Kahn's algorithm over a binary heap.
 */
export function orderRecords(records: readonly KnownRecord[]): KnownRecord[] {
  const byId = new Map(records.map((r) => [r.id, r]));
  const waits = new Map<string, number>();
  const children = new Map<string, KnownRecord[]>();
  for (const r of byId.values()) {
    let n = 0;
    for (const p of new Set(r.prev === null ? r.seen : [r.prev, ...r.seen])) {
      if (!byId.has(p) || p === r.id) continue;
      n += 1;
      const list = children.get(p);
      if (list) list.push(r);
      else children.set(p, [r]);
    }
    waits.set(r.id, n);
  }
  const heap = new Heap();
  for (const r of byId.values()) if (waits.get(r.id) === 0) heap.push(r);
  const out: KnownRecord[] = [];
  for (let r = heap.pop(); r; r = heap.pop()) {
    out.push(r);
    for (const c of children.get(r.id) ?? []) {
      const n = (waits.get(c.id) ?? 0) - 1;
      waits.set(c.id, n);
      if (n === 0) heap.push(c);
    }
  }
  return out;
}

class Heap {
  readonly #items: KnownRecord[] = [];
  push(r: KnownRecord): void {
    const a = this.#items;
    a.push(r);
    for (let i = a.length - 1; i > 0; ) {
      const p = (i - 1) >> 1;
      if (byClock(a[p] as KnownRecord, a[i] as KnownRecord) <= 0) break;
      [a[p], a[i]] = [a[i] as KnownRecord, a[p] as KnownRecord];
      i = p;
    }
  }
  pop(): KnownRecord | undefined {
    const a = this.#items;
    const top = a[0];
    const last = a.pop();
    if (!top || !last || a.length === 0) return top;
    a[0] = last;
    for (let i = 0; ; ) {
      let m = i;
      for (const c of [2 * i + 1, 2 * i + 2]) {
        const child = a[c];
        if (child && byClock(child, a[m] as KnownRecord) < 0) m = c;
      }
      if (m === i) return top;
      [a[m], a[i]] = [a[i] as KnownRecord, a[m] as KnownRecord];
      i = m;
    }
  }
}
