import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import * as z from 'zod';
import { createMutex } from './mutex.ts';

const MAX_PEERS = 1000;
const MAX_ADDRESSES = 8;

const address = z.string().max(512);
const schema = z.strictObject({
  v: z.literal(1),
  peers: z.array(z.strictObject({ peer: z.string().max(128), addresses: z.array(address).max(MAX_ADDRESSES) })),
  /** Addresses whose peer is not known yet. */
  bare: z.array(address).max(MAX_PEERS),
});

/** Where peers were reached before, newest address first, kept in one small file. */
export interface KnownAddresses {
  peers(): string[];
  of(peer: string): readonly string[];
  bare(): readonly string[];
  /** True when something new was learned. */
  add(peer: string | undefined, addresses: readonly string[]): boolean;
  /** A bare address turned out to belong to a peer. */
  settle(address: string, peer: string): void;
  /** Resolves when what was added is in the file. */
  saved(): Promise<void>;
}

/** A file that is missing or not readable only costs typing addresses again: it never stops a node. */
export function openKnownAddresses(path: string): KnownAddresses {
  const stored = readStored(path);
  const peers = new Map(stored.peers.map((p) => [p.peer, p.addresses]));
  let bare = stored.bare;
  const mutex = createMutex();
  const write = async (): Promise<void> => {
    const list = [...peers].map(([peer, addresses]) => ({ peer, addresses }));
    await writeFile(`${path}.new`, JSON.stringify({ v: 1, peers: list, bare }));
    await rename(`${path}.new`, path);
  };
  let saving: Promise<void> = Promise.resolve();
  const save = (): void => {
    // A full disk must not end a node over an address; the next change tries again.
    saving = mutex.run(write).catch(() => undefined);
  };
  const known: KnownAddresses = {
    peers: () => [...peers.keys()],
    of: (peer) => peers.get(peer) ?? [],
    bare: () => bare,
    add(peer, addresses) {
      if (peer === undefined) {
        const fresh = addresses.filter((a) => !bare.includes(a));
        if (fresh.length === 0) return false;
        bare = [...fresh, ...bare].slice(0, MAX_PEERS);
        save();
        return true;
      }
      const before = peers.get(peer) ?? [];
      const after = [...new Set([...addresses, ...before])].slice(0, MAX_ADDRESSES);
      if (!peers.has(peer) && peers.size >= MAX_PEERS) return false;
      peers.set(peer, after);
      if (after.every((a, i) => a === before[i])) return false;
      save();
      return after.some((a) => !before.includes(a));
    },
    settle(bareAddress, peer) {
      bare = bare.filter((a) => a !== bareAddress);
      known.add(peer, [bareAddress]);
      save();
    },
    saved: () => saving,
  };
  return known;
}

function readStored(path: string): z.infer<typeof schema> {
  try {
    const parsed = schema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
    if (parsed.success) return parsed.data;
  } catch {
    // Falls through to an empty list.
  }
  return { v: 1, peers: [], bare: [] };
}
