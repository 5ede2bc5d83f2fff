import { OF_MONTH } from '#p2p/entry-limits.ts';
import type { Random } from './random.ts';
import type { SoakConsole } from './soak-console.ts';

export type WeightedAct = [weight: number, name: string, run: () => Promise<string> | string];

interface Scene {
  readonly random: Random;
  readonly up: () => SoakConsole[];
  /** Books that anybody put away. */
  readonly putAway: Set<string>;
  readonly problems: string[];
}

/** A month goes to a file, at any time and on any console, and comes back from it. */
export function putAwayActs({ random, up, putAway, problems }: Scene): WeightedAct[] {
  const watch = (one: SoakConsole, what: string, work: Promise<void>): void => {
    const life = one.life();
    work.catch((error: unknown) => {
      // A dead process answers anything.
      if (one.life() === life) problems.push(`console ${one.number} could not ${what}: ${String(error)}`);
    });
  };
  const monthsOf = (one: SoakConsole): string[] =>
    one
      .books()
      .names()
      .filter((book) => OF_MONTH.test(book));
  /** A month of which another console holds a part only, and who is ahead. */
  const ahead = async (): Promise<{ readonly one: SoakConsole; readonly book: string } | undefined> => {
    // Whoever was up may have died while another was looked at.
    for (const one of random.shuffled(up()))
      for (const book of random.shuffled(one.isUp() ? monthsOf(one) : []))
        for (const other of up()) {
          if (!one.isUp() || !other.isUp() || other.books().size(book) === 0) continue;
          if (other.books().size(book) >= one.books().size(book)) continue;
          const standings = await one.books().standing(book, other.books().heads(book));
          if (one.isUp() && standings.every((standing) => standing === 'joined')) return { one, book };
        }
    return undefined;
  };
  return [
    [
      3,
      'put away',
      async () => {
        const chosen = random.chance(0.7) ? await ahead() : undefined;
        if (up().length === 0 || chosen?.one.isUp() === false) return 'none';
        const one = chosen?.one ?? random.pick(up());
        const months = monthsOf(one);
        const book = chosen?.book ?? (months.length > 0 ? random.pick(months) : undefined);
        if (book === undefined) return 'none';
        const all = random.chance(0.3) ? up().filter((other) => other.books().size(book) > 0) : [one];
        putAway.add(book);
        for (const each of all) watch(each, `put ${book} away`, each.putAway(book));
        return `${all.map((c) => c.number).join(', ')}: ${book}`;
      },
    ],
    [
      1,
      'take back',
      () => {
        const one = random.pick(up());
        watch(one, 'take its files back', one.takeBack());
        return `${one.number}`;
      },
    ],
  ];
}
