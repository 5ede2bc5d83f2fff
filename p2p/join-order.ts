/** Something that names its parents, as log entries do. */
export interface Child {
  readonly hash: string;
  readonly parents: readonly string[];
}

export type Verdict = 'join' | 'hold' | 'drop';

/**
 * Walks candidates so that parents come before children and asks `judge` about each whose parents are all joined.
 * 'hold' keeps the candidate and all that follow from it for later; 'drop' drops them with it.
 */
export function walkInOrder<T extends Child>(
  candidates: ReadonlyMap<string, T>,
  isJoined: (hash: string) => boolean,
  isRefused: (hash: string) => boolean,
  judge: (candidate: T) => Verdict,
): { readonly held: T[]; readonly dropped: T[]; readonly missing: string[] } {
  const waitingFor = new Map<string, number>();
  const children = new Map<string, T[]>();
  const missing = new Set<string>();
  const ready: T[] = [];
  const doomed: T[] = [];
  for (const candidate of candidates.values()) {
    const open = new Set(candidate.parents.filter((parent) => !isJoined(parent)));
    waitingFor.set(candidate.hash, open.size);
    for (const parent of open) {
      const list = children.get(parent);
      if (list) list.push(candidate);
      else children.set(parent, [candidate]);
      if (isRefused(parent)) doomed.push(candidate);
      else if (!candidates.has(parent)) missing.add(parent);
    }
    if (open.size === 0) ready.push(candidate);
  }
  const dropped = new Map(doomed.map((c) => [c.hash, c]));
  const settled = new Set<string>();
  // The list grows while it is walked: joining a candidate makes its children ready.
  for (const candidate of ready) {
    const verdict = judge(candidate);
    if (verdict === 'drop') dropped.set(candidate.hash, candidate);
    if (verdict !== 'join') continue;
    settled.add(candidate.hash);
    for (const child of children.get(candidate.hash) ?? []) {
      const left = (waitingFor.get(child.hash) ?? 0) - 1;
      waitingFor.set(child.hash, left);
      if (left === 0) ready.push(child);
    }
  }
  for (const candidate of dropped.values()) {
    for (const child of children.get(candidate.hash) ?? []) dropped.set(child.hash, child);
  }
  const held = [...candidates.values()].filter((c) => !settled.has(c.hash) && !dropped.has(c.hash));
  return { held, dropped: [...dropped.values()], missing: [...missing] };
}
