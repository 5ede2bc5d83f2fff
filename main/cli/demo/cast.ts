import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '#core/ports/errors.ts';
import { type Peer, startPeer } from './peer-client.ts';
import type { Standing } from './peer-protocol.ts';

const NAMES = ['Akello', 'Okot', 'Nakato', 'Opio', 'Apio', 'Mugisha', 'Adong', 'Wasswa'];
/** A hang limit, not a measure. */
const CONVERGE_MS = 60_000;
const LOOK_MS = 40;

/** The consoles of the demo, and what is done with all of them at once. */
export interface Cast {
  readonly peers: readonly Peer[];
  readonly first: Peer;
  readonly second: Peer;
  readonly last: Peer;
  setTime(atMs: number): Promise<void>;
  /** The clock a restarted peer comes back to. */
  noteTime(atMs: number): void;
  setOnline(online: boolean): Promise<void>;
  learnAddresses(): Promise<void>;
  /** Waits until every peer has the same state hash, reads the same names, and has every announced segment. */
  converge(when: string): Promise<void>;
  stop(): Promise<void>;
}

/** `step[:n][@peer] ...`: where each peer (the first unless told) is killed, life by life. For the crash tests. */
const readKills = (text = ''): { readonly at: string; readonly peer: number }[] =>
  text
    .split(' ')
    .filter((part) => part !== '')
    .map((part) => {
      const [at = '', peer = '1'] = part.split('@');
      return { at, peer: Number(peer) };
    });

export function createCast(options: {
  dir: string;
  peers: number;
  startMs: number;
  say: (line: string) => void;
}): Cast {
  let nowMs = options.startMs;
  const addresses = new Map<string, readonly string[]>();
  const kills = readKills(process.env['GRIDPACT_KILL_AT']);
  const peers = Array.from({ length: options.peers }, (_, i) => {
    const name = NAMES[i] ?? `Peer ${i + 1}`;
    return startPeer({
      name,
      dir: join(options.dir, name),
      now: () => nowMs,
      others: () => [...addresses].filter(([n]) => n !== name).flatMap(([, a]) => a),
      onRestart: (who, why) => options.say(`${who} was killed (${why}) and starts again.`),
      killAt: kills.filter((k) => k.peer === i + 1).map((k) => k.at),
    });
  });
  const first = peers[0] as Peer;
  const all = async <T>(ask: (p: Peer) => Promise<T>): Promise<T[]> => await Promise.all(peers.map(ask));
  const learnAddresses = async (): Promise<void> => {
    for (const p of peers) addresses.set(p.name, (await p.ask('start', { dir: '', atMs: nowMs })).addresses);
    await all((p) => p.ask('dial', { addresses: [...addresses].filter(([n]) => n !== p.name).flatMap(([, a]) => a) }));
  };
  return {
    peers,
    first,
    second: peers[1] ?? first,
    last: peers.at(-1) ?? first,
    async setTime(atMs) {
      nowMs = Math.max(nowMs, atMs);
      await all((p) => p.ask('setTime', { atMs: nowMs }));
    },
    noteTime(atMs) {
      nowMs = Math.max(nowMs, atMs);
    },
    async setOnline(online) {
      await all((p) => p.ask('setTime', { atMs: nowMs }));
      await all((p) => p.ask('setOnline', { online }));
    },
    learnAddresses,
    async converge(when) {
      let seen: Standing[] = [];
      let restarts = peers.map((p) => p.restarts).join();
      for (let waited = 0; waited < CONVERGE_MS; waited += LOOK_MS) {
        seen = await all((p) => p.ask('standing', {}));
        // Names come a moment after the records: the keys to them are records too.
        const same = new Set(seen.map((s) => `${s.stateHash} ${s.names}`)).size === 1;
        if (same && seen.every((s) => s.segmentsMissing === 0 && s.members >= peers.length)) return;
        const now = peers.map((p) => p.restarts).join();
        if (now !== restarts) {
          restarts = now;
          await learnAddresses();
        }
        await pause(LOOK_MS);
      }
      const detail = seen.map(
        (s, i) =>
          `${peers[i]?.name}: ${s.records} records, ${s.segmentsMissing} segments missing, ${s.connected} connected, ${s.members} members, ${s.stateHash.slice(0, 8)} ${s.onHold.join(', ')}`,
      );
      throw new AppError('INTERNAL', `The consoles did not come together ${when}. ${detail.join('; ')}.`);
    },
    async stop() {
      await Promise.all(peers.map((p) => p.stop()));
    },
  };
}
