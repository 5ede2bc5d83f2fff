import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { createMutex } from './mutex.ts';

const MAX_PEERS = 1000;
const MAX_ADDRESSES = 8;
/** Addresses of a peer that was not met for so long are dropped, but for the last one that was good. */
const KEPT_MS = 90 * 86_400_000;
const HOUR_MS = 3_600_000;

const address = z.string().max(512);
const atMs = z.int().min(0);
const schema = z.strictObject({
  v: z.literal(2),
  peers: z.array(
    z.strictObject({
      peer: z.string().max(128),
      addresses: z.array(address).max(MAX_ADDRESSES),
      /** The last one that was dialled with success. */
      good: address.nullable(),
      /** When the peer was last met, or first heard of, UTC ms. */
      metAtMs: atMs,
    }),
  ),
  /** Addresses whose peer is not known yet, and when they were given. */
  bare: z.array(z.strictObject({ address, givenAtMs: atMs })).max(MAX_PEERS),
});
type Stored = z.infer<typeof schema>;
type StoredPeer = Stored['peers'][number];

/** Where peers were reached before, newest address first, kept in one small file. */
export interface KnownAddresses {
  peers(): string[];
  of(peer: string): readonly string[];
  bare(): readonly string[];
  /** True when something new was learned. */
  add(peer: string | undefined, addresses: readonly string[]): boolean;
  /** A connection to the peer stands, or just ended; `dialled` are the addresses it was reached at from here. */
  met(peer: string, dialled: readonly string[]): void;
  /** A bare address turned out to belong to a peer. */
  settle(address: string, peer: string): void;
  forget(peer: string): void;
  /** How long a peer or a bare address may be left alone between two dials: the longer it is gone, the longer. */
  longestWaitMs(key: string): number;
  /** Drops what did not answer for months. */
  dropStale(): void;
  /** Resolves when what was added is in the file. */
  saved(): Promise<void>;
}

/** A file that is missing or not readable only costs typing addresses again: it never stops a node. */
export function openKnownAddresses(path: string, now: () => number): KnownAddresses {
  const stored = readStored(path);
  const peers = new Map(stored.peers.map((p) => [p.peer, p]));
  let bare = stored.bare;
  const mutex = createMutex();
  const write = async (): Promise<void> => {
    await writeFile(`${path}.new`, JSON.stringify({ v: 2, peers: [...peers.values()], bare } satisfies Stored));
    await rename(`${path}.new`, path);
  };
  let saving: Promise<void> = Promise.resolve();
  let isWaiting = false;
  const save = (): void => {
    // A write that has not begun takes this change along.
    if (isWaiting) return;
    isWaiting = true;
    const begin = (): Promise<void> => {
      isWaiting = false;
      return write();
    };
    // A full disk must not end a node over an address; the next change tries again.
    saving = mutex.run(begin).catch(() => undefined);
  };
  const addBare = (addresses: readonly string[]): boolean => {
    const fresh = addresses.filter((a) => !bare.some((b) => b.address === a));
    if (fresh.length === 0) return false;
    bare = [...fresh.map((a) => ({ address: a, givenAtMs: now() })), ...bare].slice(0, MAX_PEERS);
    save();
    return true;
  };
  const known: KnownAddresses = {
    peers: () => [...peers.keys()],
    of: (peer) => peers.get(peer)?.addresses ?? [],
    bare: () => bare.map((b) => b.address),
    add(peer, addresses) {
      if (peer === undefined) return addBare(addresses);
      const before = peers.get(peer) ?? { peer, addresses: [], good: null, metAtMs: now() };
      if (!peers.has(peer) && peers.size >= MAX_PEERS) return false;
      const after = { ...before, addresses: merged(addresses, before) };
      peers.set(peer, after);
      if (after.addresses.every((a, i) => a === before.addresses[i])) return false;
      save();
      return after.addresses.some((a) => !before.addresses.includes(a));
    },
    met(peer, dialled) {
      known.add(peer, dialled);
      const entry = peers.get(peer);
      if (!entry) return;
      peers.set(peer, { ...entry, good: dialled[0] ?? entry.good, metAtMs: now() });
      save();
    },
    settle(bareAddress, peer) {
      bare = bare.filter((b) => b.address !== bareAddress);
      known.met(peer, [bareAddress]);
    },
    forget(peer) {
      if (peers.delete(peer)) save();
    },
    longestWaitMs(key) {
      const sinceMs = peers.get(key)?.metAtMs ?? bare.find((b) => b.address === key)?.givenAtMs ?? now();
      return longestWaitAfter(now() - sinceMs);
    },
    dropStale() {
      const isStale = (sinceMs: number): boolean => now() - sinceMs > KEPT_MS;
      for (const [peer, entry] of peers) {
        if (isStale(entry.metAtMs)) peers.set(peer, { ...entry, addresses: entry.good === null ? [] : [entry.good] });
        if (peers.get(peer)?.addresses.length === 0 && isStale(entry.metAtMs)) peers.delete(peer);
      }
      bare = bare.filter((b) => !isStale(b.givenAtMs));
      save();
    },
    saved: () => saving,
  };
  return known;
}

/** Newest first; the last good one is never pushed out. */
function merged(fresh: readonly string[], { addresses, good }: StoredPeer): string[] {
  const all = [...new Set([...fresh, ...addresses])];
  const kept = all.slice(0, MAX_ADDRESSES);
  if (good !== null && all.includes(good) && !kept.includes(good)) kept[MAX_ADDRESSES - 1] = good;
  return kept;
}

function longestWaitAfter(goneMs: number): number {
  if (goneMs < HOUR_MS) return 30_000;
  if (goneMs < 24 * HOUR_MS) return 5 * 60_000;
  return goneMs < 7 * 24 * HOUR_MS ? 30 * 60_000 : 4 * HOUR_MS;
}

function readStored(path: string): Stored {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return parsed.data;
  } catch {
    // Falls through to an empty list.
  }
  return { v: 2, peers: [], bare: [] };
}
