import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Entry } from '@orbitdb/core';
import { systemClock } from '#core/ports/clock.ts';
import { ed25519Signer } from '#core/ports/ed25519.ts';
import type { DeviceKey, VillageNode, VillageNodeOptions } from '#core/ports/village-node.ts';
import { recordBytes, type SignedRecord } from '#domain/books/record.ts';
import { cidOf, decode, encode, sha256, toHex, utf8 } from '#domain/bytes.ts';
import { createDeviceIdentity } from './device-identity.ts';
import { logIdOf, toPayload } from './entry-codec.ts';
import { orbitHashOf } from './orbit-hash.ts';
import { startVillageNode } from './start-village-node.ts';

/** A village for tests: its devices, their records, and nodes on loopback. */
export const TEST_VILLAGE = toHex(sha256(utf8('a village for tests')));
export const TEST_PSK = sha256(utf8('its pre-shared key'));

export interface TestDevice {
  readonly key: DeviceKey;
  /** The next record of this device in a book. */
  write(book: string, body?: unknown, overrides?: { village?: string; kind?: string; atMs?: number }): SignedRecord;
}

export function createTestDevice(seed: Uint8Array = randomBytes(32), village = TEST_VILLAGE): TestDevice {
  const signer = ed25519Signer(seed);
  const chains = new Map<string, { seq: number; prev: string | null }>();
  return {
    key: { id: signer.publicKey, seed },
    write(book, body = { note: 'hello' }, overrides = {}) {
      const { seq, prev } = chains.get(book) ?? { seq: 0, prev: null };
      const bytes = recordBytes({
        v: 1,
        village: overrides.village ?? village,
        book,
        kind: overrides.kind ?? 'test.note',
        device: signer.publicKey,
        seq,
        prev,
        at: { ms: overrides.atMs ?? 1_760_000_000_000 + seq, n: 0 },
        seen: [],
        body,
      });
      chains.set(book, { seq: seq + 1, prev: cidOf(bytes) });
      return { bytes, sig: signer.sign(bytes) };
    },
  };
}

export const makeTestDir = (): string => mkdtempSync(join(tmpdir(), 'gridpact-p2p-'));

export function startTestNode(
  options: { device: TestDevice } & Partial<Omit<VillageNodeOptions, 'device'>>,
): Promise<VillageNode> {
  return startVillageNode({
    dir: makeTestDir(),
    village: TEST_VILLAGE,
    networkKeys: () => [TEST_PSK],
    listen: ['/ip4/127.0.0.1/tcp/0'],
    mdns: false,
    admit: () => 'accept',
    clock: systemClock,
    ...options,
    device: options.device.key,
  });
}

export function addressOf(node: VillageNode): string {
  const [address] = node.addresses();
  if (address === undefined) throw new Error('the node has no address');
  return address;
}

/** Ids of all records of a book, in the order they were joined. */
export async function idsOf(node: VillageNode, book: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const part of node.scan(book)) ids.push(...part.map(({ bytes }) => cidOf(bytes)));
  return ids;
}

/** Stock building of entries, so that tests can make ones that our own code would never append. */
export interface ForgedEntry {
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly identity: Uint8Array;
}

export async function makeEntry(
  device: TestDevice,
  book: string,
  records: readonly SignedRecord[],
  place: { readonly time?: number; readonly next?: readonly string[]; readonly village?: string } = {},
): Promise<ForgedEntry> {
  const { identity, device: key, bytes: identityBytes } = createDeviceIdentity(device.key.seed);
  const clock = { id: key, time: place.time ?? 1 };
  const logId = logIdOf(place.village ?? TEST_VILLAGE, book);
  const entry = await Entry.create(identity, logId, toPayload(records), null, clock, place.next ?? [], []);
  return { ...(await Entry.encode(entry)), identity: identityBytes };
}

/** The same entry with fields changed after signing. */
export function tamper(entry: ForgedEntry, changes: Record<string, unknown>): ForgedEntry {
  const bytes = encode({ ...(decode(entry.bytes) as object), ...changes });
  return { ...entry, bytes, hash: orbitHashOf(bytes) };
}
