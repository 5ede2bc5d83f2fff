import type { EntryBundle } from '#core/ports/village-node.ts';
import { createFrameStream } from '#p2p/frame-stream.ts';
import { createSyncSession, type SyncSession } from '#p2p/sync-session.ts';
import { disagreementOf, lostOf } from './agreement.ts';
import type { Cast, SoakAct } from './cast.ts';
import { openCutStream } from './cut-stream.ts';
import { putAwayActs, type WeightedAct } from './put-away-acts.ts';
import { createRandom, type Random } from './random.ts';
import { createSoakConsole, type SoakConsole } from './soak-console.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.UTC(2012, 0, 5);
/** When all links are up and nothing new came for this long, peers are told again, ms. */
const QUIET_MS = 100;
const MAX_ROUNDS = 30;
/** Moves what waits for a retry on; virtual ms. */
const ROUND_MS = 11_000;

export interface ScheduleOptions {
  readonly seed: number;
  /** For the test of the test: a write that is told done and never was. */
  readonly plantDroppedCommit?: boolean;
}

export interface ScheduleResult {
  readonly consoles: number;
  readonly steps: readonly string[];
  readonly acknowledged: number;
  readonly records: number;
}

/** The schedule went wrong: names the seed and every step. */
export class ScheduleError extends Error {
  constructor(seed: number, steps: readonly string[], what: string) {
    super(`schedule ${seed}: ${what}\n  ${steps.join('\n  ')}`);
  }
}

interface Link {
  readonly ends: readonly [SoakConsole, SoakConsole];
  readonly sessions: readonly [SyncSession, SyncSession];
  cut(): void;
}

/** Consoles that write, meet, part, crash and start again as a seed says, and in the end all are linked. */
export async function runSchedule(cast: Cast, options: ScheduleOptions): Promise<ScheduleResult> {
  const random = createRandom(options.seed);
  const world = await createWorld(cast, random);
  const fail = (what: string): ScheduleError => new ScheduleError(options.seed, world.steps, what);
  try {
    const count = 15 + random.int(30);
    const plantAt = options.plantDroppedCommit ? 5 + random.int(10) : -1;
    for (let i = 0; i < count; i++) {
      if (i === plantAt) await world.plant();
      await world.step();
    }
    const problem = await world.settle();
    if (problem !== undefined) throw fail(problem);
    return world.result();
  } catch (error) {
    if (error instanceof ScheduleError) throw error;
    throw Object.assign(fail(error instanceof Error ? error.message : String(error)), { cause: error });
  } finally {
    await world.close();
  }
}

interface World {
  readonly steps: string[];
  step(): Promise<void>;
  plant(): Promise<void>;
  /** Links all, waits until they agree; answers what is wrong. */
  settle(): Promise<string | undefined>;
  result(): ScheduleResult;
  close(): Promise<void>;
}

async function createWorld(cast: Cast, random: Random): Promise<World> {
  const steps: string[] = [];
  const links = new Set<Link>();
  const acknowledged = new Map<string, string>();
  const putAway = new Set<string>();
  const problems: string[] = [];
  const skewMs: number[] = [];
  let virtualMs = 0;
  let written = 0;
  const size = 2 + random.int(4);
  const consoles = cast.entrances.slice(0, size).map((entrance, i): SoakConsole => {
    skewMs.push((random.int(13) - 6) * HOUR_MS);
    const made = createSoakConsole(i, cast.village, entrance, {
      now: () => virtualMs,
      onDeath: () => cutAllOf(made),
      onRefused: (reason) => problems.push(`console ${i} refused what an honest console wrote: ${reason}`),
    });
    return made;
  });
  const cutAllOf = (one: SoakConsole): void => {
    for (const link of links) if (link.ends.includes(one)) link.cut();
  };
  const wallOf = ({ number }: SoakConsole): number => START_MS + virtualMs + (skewMs[number] ?? 0);
  const up = (): SoakConsole[] => consoles.filter((c) => c.isUp());

  const append = (one: SoakConsole, act: SoakAct): void => {
    const life = one.life();
    one.append(act, wallOf(one)).then(
      (id) => acknowledged.set(id, act.book),
      (error: unknown) => {
        // A dead process answers anything.
        if (one.life() === life) problems.push(`console ${one.number} could not append: ${String(error)}`);
      },
    );
  };
  const link = (a: SoakConsole, b: SoakConsole, breakAfterBytes: number): void => {
    const stream = openCutStream(random, breakAfterBytes);
    const sessions = [a, b].map((own, i) =>
      createSyncSession(createFrameStream(stream.ends[i] ?? stream.ends[0]), {
        peer: `console ${(i === 0 ? b : a).number}`,
        village: cast.village,
        books: own.books(),
        pulls: own.pulls(),
        returns: own.returns,
        isDirect: true,
        now: () => virtualMs,
        hasRoom: () => true,
        mayWrite: () => true,
        mayErr: () => true,
        onViolation: (reason) => problems.push(`console ${own.number} accuses an honest peer: ${reason}`),
        onChange: () => undefined,
      }),
    ) as [SyncSession, SyncSession];
    const made: Link = {
      ends: [a, b],
      sessions,
      // The session of a console that died never ends: its last write never answers.
      cut() {
        stream.cut();
        forget(made);
      },
    };
    for (const session of sessions) void session.run().then(() => forget(made));
    links.add(made);
    a.sessions.add(sessions[0]);
    b.sessions.add(sessions[1]);
  };
  const forget = (gone: Link): void => {
    links.delete(gone);
    for (const end of gone.ends) for (const session of gone.sessions) end.sessions.delete(session);
  };
  const isLinked = (a: SoakConsole, b: SoakConsole): boolean =>
    [...links].some((l) => l.ends.includes(a) && l.ends.includes(b));
  const pulse = (): void => {
    for (const { sessions } of links) for (const session of sessions) if (session.state().greeted) session.pulse();
  };
  const breathe = async (turns: number): Promise<void> => {
    for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  const restart = async (one: SoakConsole): Promise<void> => {
    await one.start();
    const { first } = cast.entrances[one.number] ?? {};
    const { keys } = cast.entrances[one.number] ?? {};
    const hasBegun = Object.values(one.positions()).some((book) => keys && keys.id in book);
    if (first && !hasBegun) append(one, first);
  };
  const importInto = (to: SoakConsole, bundle: EntryBundle): void => {
    const life = to.life();
    to.bundles()
      .importEntries(bundle)
      .catch((error: unknown) => {
        // A dead process answers anything.
        if (to.life() === life) problems.push(`console ${to.number} could not import: ${String(error)}`);
      });
  };
  /** Some entries of one console given to another, out of order and some twice. */
  const carry = async (from: SoakConsole, to: SoakConsole): Promise<void> => {
    for await (const { book, identities, entries } of from.bundles().exportEntries()) {
      const taken = random.shuffled([...entries, ...entries]).slice(0, 1 + random.int(2 * entries.length));
      if (!from.isUp() || !to.isUp()) return;
      importInto(to, { book, identities, entries: taken });
    }
  };

  const acts: WeightedAct[] = [
    [
      10,
      'append',
      () => {
        const one = random.pick(up());
        const many = 1 + random.int(4);
        const made = Array.from({ length: many }, () => cast.act(random, written++));
        const chosen = new Map(made.map((act) => [act.book, act]));
        for (const act of chosen.values()) append(one, act);
        return `${one.number}: ${[...chosen.keys()].join(', ')}`;
      },
    ],
    [
      6,
      'link',
      () => {
        const [a, b] = random.shuffled(up());
        if (!a || !b || isLinked(a, b)) return 'none';
        const breakAfter = random.chance(0.5) ? Number.POSITIVE_INFINITY : random.int(40_000);
        link(a, b, breakAfter);
        return `${a.number}-${b.number}, breaks after ${breakAfter} bytes`;
      },
    ],
    [
      2,
      'cut',
      () => {
        if (links.size === 0) return 'none';
        const gone = random.pick([...links]);
        gone.cut();
        return gone.ends.map((c) => c.number).join('-');
      },
    ],
    [
      2,
      'arm',
      () => {
        const one = random.pick(up());
        const fault = random.pick(['before', 'after'] as const);
        const left = random.int(4);
        one.arm(fault, left);
        return `${one.number}: dies ${fault} its write number ${left}`;
      },
    ],
    [
      1,
      'crash',
      () => {
        const one = random.pick(up());
        one.crash();
        return `${one.number}`;
      },
    ],
    [
      3,
      'restart',
      async () => {
        const down = consoles.filter((c) => !c.isUp());
        if (down.length === 0) return 'none';
        const one = random.pick(down);
        await restart(one);
        return `${one.number}`;
      },
    ],
    [
      2,
      'carry',
      async () => {
        const [from, to] = random.shuffled(up());
        if (!from || !to) return 'none';
        await carry(from, to);
        return `${from.number} to ${to.number}`;
      },
    ],
    [
      1,
      'skew',
      () => {
        const one = random.int(consoles.length);
        skewMs[one] = (random.int(25) - 12) * HOUR_MS;
        return `${one}: ${(skewMs[one] ?? 0) / HOUR_MS} h`;
      },
    ],
    [
      2,
      'grant',
      () => {
        const [founder] = consoles;
        const grant = cast.entrances.slice(0, size).findLast((e) => e.grant)?.grant;
        if (!founder?.isUp() || !grant) return 'none';
        const late = random.pick(cast.entrances.slice(3, size));
        if (late.grant) append(founder, late.grant);
        return `by 0: ${late.keys.id.slice(0, 8)}`;
      },
    ],
    [
      1,
      'revoke',
      () => {
        const by = random.pick(up());
        const { keys } = random.pick(cast.entrances.slice(1, size));
        const last = Object.fromEntries(
          Object.entries(by.positions()).flatMap(([book, at]) =>
            at[keys.id] === undefined ? [] : [[book, at[keys.id] ?? 0]],
          ),
        );
        append(by, cast.revoke(keys.id, last));
        return `by ${by.number}: ${keys.id.slice(0, 8)}`;
      },
    ],
    ...putAwayActs({ random, up, putAway, problems }),
    [
      3,
      'pulse',
      () => {
        virtualMs += random.int(ROUND_MS);
        pulse();
        return `${virtualMs} ms`;
      },
    ],
  ];
  const deck = acts.flatMap(([weight, name, run]) => Array.from({ length: weight }, () => ({ name, run })));

  for (const one of consoles) await restart(one);

  const disagreement = (): string | undefined => disagreementOf(consoles, [...acknowledged.keys()]);
  /** What is wrong while some months are only in files: all that need not wait for them is everywhere, and all are in step. */
  const apart = (): string | undefined => {
    const kept = [...acknowledged].flatMap(([id, book]) => (putAway.has(book) ? [] : [id]));
    if (lostOf(consoles, kept) > 0) return `${lostOf(consoles, kept)} acknowledged records are not on every console`;
    for (const { ends, sessions } of links)
      if (sessions.some((session) => !session.state().inStep))
        return `${ends.map((c) => c.number).join(' and ')} are not in step`;
    return undefined;
  };
  const linkAll = (): void => {
    const order = random.shuffled(consoles);
    for (const [i, one] of order.entries()) {
      const other = order[random.int(i)];
      if (other && other !== one && !isLinked(one, other)) link(one, other, Number.POSITIVE_INFINITY);
    }
  };
  /** Waits until `ready`, or until nothing came any more. */
  const waitQuiet = async (ready: () => boolean): Promise<void> => {
    let before = -1;
    let since = performance.now();
    while (!ready() && performance.now() - since < QUIET_MS) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      const now = consoles.reduce((sum, c) => sum + c.ids().size, 0);
      if (now !== before) since = performance.now();
      before = now;
    }
  };

  /** Links all until nothing is wrong; answers what still is in the end. */
  const agree = async (wrong: () => string | undefined): Promise<string | undefined> => {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      linkAll();
      virtualMs += ROUND_MS;
      pulse();
      await waitQuiet(() => links.size >= size - 1 && wrong() === undefined);
      if (problems.length > 0) return problems.join('; ');
      if (wrong() === undefined) return undefined;
    }
    return wrong();
  };
  const bringBack = async (): Promise<undefined> => {
    for (const one of consoles) await one.takeBack();
  };

  return {
    steps,
    async step() {
      if (up().length === 0) await restart(random.pick(consoles));
      const { name, run } = random.pick(deck);
      steps.push(`${name} ${await run()}`);
      await breathe(random.int(30));
    },
    async plant() {
      const one = random.pick(up());
      cutAllOf(one);
      one.arm('dropped', 0);
      const act = cast.act(random, written++);
      acknowledged.set(await one.append(act, wallOf(one)), act.book);
      one.crash();
      steps.push(`planted: ${one.number} loses a write`);
    },
    async settle() {
      // What is in memory only does not count, and what is armed must not fell anyone any more.
      for (const one of consoles) {
        if (one.isUp()) one.crash();
        await restart(one);
      }
      const [founder] = consoles;
      for (const { grant } of cast.entrances.slice(0, size)) if (founder && grant) append(founder, grant);
      const problem = (await agree(apart)) ?? (await bringBack()) ?? (await agree(disagreement));
      if (problem !== undefined) return problem;
      const nowMs = START_MS + virtualMs + 24 * HOUR_MS;
      const hashes = new Set(consoles.map((c) => c.stateHash(nowMs)));
      return hashes.size === 1 ? undefined : 'the states of consoles with the same records differ';
    },
    result: () => ({
      consoles: size,
      steps,
      acknowledged: acknowledged.size,
      records: consoles[0]?.ids().size ?? 0,
    }),
    async close() {
      for (const link of links) link.cut();
      await breathe(5);
      for (const one of consoles) await one.close();
    },
  };
}
