import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRouterClient } from '@orpc/server';
import { expect, vi } from 'vitest';
import type { Console, OpenVillage } from '#core/console.ts';
import type { CoreOptions, Session } from '#core/core.ts';
import { createRouter } from '#core/router/create-router.ts';
import { startConsole } from '#core/start-core.ts';
import { foundVillage } from '#core/villages/founding.ts';
import { joinVillage, makeInvitation } from '#core/villages/invitations.ts';
import type { Role } from '#domain/membership/roles.ts';
import type { Interval } from '#domain/metering/vee.ts';
import type { FrameFact } from '#domain/settlement/accounts.ts';
import { DAY_MS } from '#domain/time.ts';
import { composeOptions } from '#main/compose.ts';

export const PIN = '2468';
export const WAIT = { timeout: 30_000, interval: 20 };
/** 2026-03-01 in a village three hours ahead of UTC. */
export const MARCH_MS = Date.UTC(2026, 1, 28, 21);
/** A job that nobody watches or cancels. */
export const QUIET = { signal: new AbortController().signal, progress: () => undefined };
export const command = () => ({ commandId: randomUUID() });

const toEnd: (() => Promise<void> | void)[] = [];
/** Ends every console and removes every folder this test made, newest first. */
export async function endAll(): Promise<void> {
  for (let end = toEnd.pop(); end; end = toEnd.pop()) await end();
}
export const atEnd = (end: () => Promise<void> | void): void => void toEnd.push(end);
export function makeFolder(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `${name}-`));
  atEnd(() => rmSync(dir, { recursive: true, force: true, maxRetries: 5 }));
  return dir;
}

export interface TestConsole {
  readonly dir: string;
  readonly logged: string[];
  /** Time as this console knows it. */
  readonly clock: { atMs: number };
  console(): Console;
  /** The one village it holds. */
  open(): OpenVillage;
  client(kind?: Session['kind']): ReturnType<typeof clientOf>;
  stop(): Promise<void>;
  /** Stops, and starts on the same folder. */
  restart(): Promise<void>;
}

type Router = ReturnType<typeof createRouter>;
const clientOf = (router: Router, kind: Session['kind']) =>
  createRouterClient(router, { context: { session: { kind } } });

/** The console's core on its real adapters, in a folder of its own; only its clock is led. */
export async function openConsole(
  given: Partial<CoreOptions> & { readonly dataDir?: string } = {},
): Promise<TestConsole> {
  const { dataDir = makeFolder('console'), ...options } = given;
  const logged: string[] = [];
  const clock = { atMs: MARCH_MS };
  const start = () =>
    startConsole({
      ...composeOptions({
        dataDir,
        host: 'command-line',
        listen: ['/ip4/127.0.0.1/tcp/0'],
        mdns: false,
        log: (line) => logged.push(line),
        ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
      }),
      clock: { now: () => clock.atMs },
      autoPoll: false,
      ...options,
    });
  let running: Awaited<ReturnType<typeof start>> | undefined = await start();
  let router: { readonly of: Console; readonly router: Router } | undefined;
  const stop = async (): Promise<void> => {
    const last = running;
    running = undefined;
    await last?.stop();
  };
  atEnd(stop);
  const console = (): Console => {
    if (!running) throw new Error('the console is stopped');
    return running.console;
  };
  return {
    dir: dataDir,
    logged,
    clock,
    console,
    open() {
      const [first] = console().open.values();
      if (!first) throw new Error('the console holds no village');
      return first;
    },
    client(kind = 'operator') {
      if (router?.of !== console()) router = { of: console(), router: createRouter(console()) };
      return clientOf(router.router, kind);
    },
    stop,
    async restart() {
      await stop();
      running = await start();
    },
  };
}

export const villageOf = (on: TestConsole) => on.open().village;
/** How far readings are, as the Sync screen is told. */
export const fetchingOn = async (on: TestConsole) =>
  (await on.client().sync.status({ village: villageOf(on).id })).fetching;

export async function found(on: TestConsole, name = 'Akello') {
  return await foundVillage(on.console(), {
    name: 'Kisoro',
    currency: { code: 'UGX', exponent: 0 },
    zoneOffsetMin: 180,
    you: { name, roles: ['coordinator'] },
    pin: PIN,
    simulated: true,
    how: 'founded',
  });
}

export async function invite(by: TestConsole, name: string, roles: readonly Role[], days = 7): Promise<string> {
  const { village } = by.open();
  const key = await village.keystore.unlock(village.row.member, PIN);
  return makeInvitation(by.open(), key, { name, roles, expiresMs: by.clock.atMs + days * DAY_MS });
}

/** A console that founded a village, and one that joined it. */
export async function openTwo(options: Partial<CoreOptions> = {}): Promise<readonly [TestConsole, TestConsole]> {
  const first = await openConsole(options);
  await found(first);
  const second = await openConsole(options);
  await joinVillage(second.console(), {
    text: await invite(first, 'Okot', ['owner', 'coordinator']),
    name: 'Okot',
    pin: PIN,
  });
  await converge(first, second);
  return [first, second];
}

/** Waits until all consoles have one state and every announced segment. */
export async function converge(...consoles: readonly TestConsole[]): Promise<void> {
  for (const a of consoles)
    for (const b of consoles)
      if (a !== b)
        for (const address of b.open().village.node.addresses())
          await a
            .open()
            .village.node.dial(address)
            .catch(() => undefined);
  await vi.waitFor(() => {
    const seen = consoles.map((c) => {
      const { village } = c.open();
      const have = village.store.segments();
      const missing = [...village.state().segments.values()].filter(({ cid }) => (have.get(cid)?.locked ?? 1) > 0);
      return { hash: village.stateHash(), members: village.state().members.size, missing };
    });
    expect(new Set(seen.map((s) => s.hash)).size).toBe(1);
    for (const s of seen) expect(s).toMatchObject({ members: expect.any(Number), missing: [] });
    expect(seen[0]?.members).toBeGreaterThanOrEqual(consoles.length);
  }, WAIT);
}

export const codeOf = async (work: Promise<unknown> | (() => unknown)): Promise<string> => {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (e) {
    return (e as { code?: string }).code ?? String(e);
  }
  return 'no error';
};

const EVER = [0, Number.MAX_SAFE_INTEGER] as const;
/** Every frame a console can read, of all meters. */
export const framesOn = (on: TestConsole): FrameFact[] => {
  const { state, readings } = on.open().village;
  return [...state().meters.keys()].flatMap((m) => readings.frames(m, ...EVER));
};
export const intervalsOn = (on: TestConsole, meter: string): readonly Interval[] =>
  on.open().village.readings.intervals(meter, ...EVER);
/** Starts of the intervals that a second frame also covered. */
export const duplicatesOn = async (on: TestConsole, meter: string, fromMs: number): Promise<number[]> => {
  const days = await on.open().village.readings.hours(fromMs, fromMs + 31 * DAY_MS);
  return [...days.values()].flatMap((d) => d.get(meter)?.duplicates ?? []);
};
