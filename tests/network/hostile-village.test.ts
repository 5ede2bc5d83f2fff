import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { toHex } from '#domain/bytes.ts';
import { driveProcess, type RemoteProcess } from '#p2p/test-remote.ts';
import { type RemoteConsole, type Standing, startLocalConsole } from './remote-console.ts';

const WAIT = { timeout: 90_000, interval: 250 };
const MEBIBYTE = 1024 ** 2;
const HARASSED_MS = 6000;
/** How many records of its own one device may hand to one console; three consoles together take at most three times as many. */
const OWN_RECORDS = 3000;
const FLOOD_RECORDS = 12_000;
/** Of one console under attack; limits on a hang, not figures to reach. */
const MOST_MEMORY_BYTES = 700 * MEBIBYTE;
const MOST_DISK_BYTES = 150 * MEBIBYTE;
const LATER_BOOK = 'segments-2026-08';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (let end = ending.pop(); end; end = ending.pop()) await end();
});
const endWith = <P extends { kill(): void; readonly ended: Promise<unknown> }>(process: P): P => {
  ending.push(() => {
    process.kill();
    return process.ended;
  });
  return process;
};

type HostileProcess = RemoteProcess<
  'peer' | 'assault' | 'harass' | 'endAttack' | 'reaches' | 'write' | 'carry' | 'stop'
>;
async function startHostile(village: string, networkKey: string, seed: string): Promise<HostileProcess> {
  const child: ChildProcess = fork(fileURLToPath(new URL('./hostile-process.ts', import.meta.url)), {
    execArgv: [],
    env: {
      ...process.env,
      GRIDPACT_TEST_VILLAGE: village,
      GRIDPACT_TEST_NETWORK_KEY: networkKey,
      GRIDPACT_TEST_SEED: seed,
    },
  });
  return endWith(await driveProcess<'peer'>(child)) as HostileProcess;
}

const standings = (consoles: readonly RemoteConsole[]): Promise<Standing[]> =>
  Promise.all(consoles.map((c) => c.call<Standing>('standing')));
const refusedOn = (on: RemoteConsole) => on.call<{ peer: string; reason: string }[]>('refused');

test('two hostile peers that do everything at once, one of them with a granted device, are contained, named and cut off, and three honest consoles converge (P47)', async () => {
  const root = mkdtempSync(join(tmpdir(), 'gridpact-hostile-'));
  ending.push(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const start = async (name: string): Promise<RemoteConsole> =>
    endWith(await startLocalConsole({ dir: join(root, name), ownRecords: OWN_RECORDS }));
  const [akello, okot, nakato, stolen] = await Promise.all(['akello', 'okot', 'nakato', 'stolen'].map(start));
  if (!akello || !okot || !nakato || !stolen) throw new Error('four consoles are needed');
  await akello.call('found');
  for (const [name, console] of [['Okot', okot] as const, ['Nakato', nakato] as const, ['Wanjiru', stolen] as const])
    await console.call('join', await akello.call<string>('invite', name), name);
  const honest = [akello, okot, nakato];
  await okot.call('dial', await nakato.call<string>('address'));
  await vi.waitFor(async () => {
    for (const { members } of await standings([...honest, stolen])) expect(members).toBe(4);
    for (const { connected } of await standings(honest)) expect(connected).toBeGreaterThan(1);
  }, WAIT);
  const loot = await stolen.call<{ village: string; device: string; seed: string; networkKey: string }>('secrets');
  await stolen.call('stop');
  await stolen.ended;

  const meter = await akello.call<string>('addMeter');
  const addresses = await Promise.all(honest.map((c) => c.call<string>('address')));
  const thief = await startHostile(loot.village, loot.networkKey, loot.seed);
  const stranger = await startHostile(loot.village, loot.networkKey, toHex(randomBytes(32)));
  const peers = await Promise.all([thief, stranger].map((h) => h.call<string>('peer')));

  const written: string[] = [];
  const reasons = new Map(peers.map((peer) => [peer, new Set<string>()]));
  const lookAtRefused = async (): Promise<void> => {
    for (const console of honest)
      for (const { peer, reason } of await refusedOn(console)) reasons.get(peer)?.add(reason);
  };
  let days = 0;
  const workWhile = async (attack: Promise<unknown>): Promise<void> => {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    attack.then(end, end);
    do {
      for (const console of honest) {
        const text = `note ${written.length}`;
        await console.call('note', text);
        written.push(text);
      }
      await akello.call('seal', meter, String(Date.UTC(2026, 2, 1 + days)));
      days += 1;
      await lookAtRefused();
    } while (!isOver);
    await attack;
  };
  const hostile = [thief, stranger];
  await workWhile(Promise.all(hostile.map((h) => h.call('assault', String(FLOOD_RECORDS), ...addresses))));
  await Promise.all(hostile.map((h) => h.call('harass', ...addresses)));
  const namedFor = vi.waitFor(() => {
    for (const seen of reasons.values()) expect(seen.size).toBeGreaterThan(2);
    expect([...(reasons.get(peers[0] ?? '') ?? [])]).toEqual(
      expect.arrayContaining(['it writes more records than one device may', 'bad entry signature']),
    );
  }, WAIT);
  await workWhile(Promise.all([namedFor, new Promise((resolve) => setTimeout(resolve, HARASSED_MS))]));
  await Promise.all(hostile.map((h) => h.call('endAttack')));

  const expectSame = (): Promise<void> =>
    vi.waitFor(async () => {
      const all = await standings(honest);
      expect(new Set(all.map((s) => s.stateHash)).size).toBe(1);
      expect(all.map((s) => s.verified)).toEqual(honest.map(() => days));
      for (const console of honest) {
        const notes = await console.call<string[]>('notes');
        expect(notes.sort()).toEqual([...written].sort());
      }
    }, WAIT);
  await expectSame();
  for (const { records } of await standings(honest))
    expect(records).toBeLessThan(honest.length * OWN_RECORDS + 10 * written.length);

  await akello.call('revoke', loot.device);
  await expectSame();
  await vi.waitFor(async () => {
    for (const address of addresses) expect(await thief.call('reaches', address)).toBe(false);
  }, WAIT);
  const { record, ...later } = await thief.call<Record<'record' | 'hash' | 'bytes' | 'identity', string>>(
    'write',
    LATER_BOOK,
  );
  // Another one with the network key: whoever took part in the attack is not listened to.
  const carrier = await startHostile(loot.village, loot.networkKey, toHex(randomBytes(32)));
  await carrier.call('carry', addresses[1] ?? '', LATER_BOOK, later.hash, later.bytes, later.identity);
  await vi.waitFor(async () => {
    for (const console of honest)
      expect(await console.call('verdict', record)).toBe('the device was revoked before this');
  }, WAIT);
  await expectSame();

  for (const console of honest) {
    const { peakBytes, diskBytes } = await console.call<{ peakBytes: number; diskBytes: number }>('cost');
    expect(peakBytes).toBeLessThan(MOST_MEMORY_BYTES);
    expect(diskBytes).toBeLessThan(MOST_DISK_BYTES);
    await console.call('stop');
  }
}, 240_000);
