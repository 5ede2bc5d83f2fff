interface Named {
  readonly id: string;
  readonly name: string;
}
const TAIL = 4;

/** The name of each; of those who share one, with the end of their id. */
export function tellApart<T extends Named>(people: readonly T[]): (person: Named) => string {
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const { name } of new Map(people.map((p) => [p.id, p])).values()) {
    if (seen.has(name)) shared.add(name);
    seen.add(name);
  }
  return ({ id, name }) => (shared.has(name) ? `${name} …${id.slice(-TAIL)}` : name);
}
