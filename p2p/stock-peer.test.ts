import { Entry, Identities, KeyStore, Log, MemoryStorage } from '@orbitdb/core';
import { base32 } from 'multiformats/bases/base32';
import { afterEach, expect, test } from 'vitest';
import type { VillageNode } from '#core/ports/village-node.ts';
import { toHex } from '#domain/bytes.ts';
import { openBookDatabase } from './book-database.ts';
import { createDeviceIdentity } from './device-identity.ts';
import { type EntryPayload, logIdOf } from './entry-codec.ts';
import { createIdentityStore } from './identity-store.ts';
import { cidOfOrbitHash } from './orbit-hash.ts';
import { createRefusals } from './refusals.ts';
import { createStagedEntries } from './staged-entries.ts';
import { addressOf, createTestDevice, makeEntry, makeTestDir, startTestNode, TEST_VILLAGE } from './test-village.ts';
import { openVillageBlocks } from './village-blocks.ts';
import { openVillageBooks } from './village-books.ts';

const running: VillageNode[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop()));
});
const start: typeof startTestNode = async (options) => {
  const node = await startTestNode(options);
  running.push(node);
  return node;
};

/** A stock OrbitDB peer: its own log, identities and storages, nothing of ours but the bytes. */
async function createStockPeer(read: (hash: string) => Promise<Uint8Array>) {
  const keystore = await KeyStore({ storage: await MemoryStorage() });
  const identityStorage = await MemoryStorage();
  const identities = await Identities({ keystore, storage: identityStorage });
  const me = await identities.createIdentity({ id: 'stock' });
  const entries = await MemoryStorage();
  const entryStorage = { ...entries, get: async (hash: string) => (await entries.get(hash)) ?? read(hash) };
  const access = {
    canAppend: async (entry: Entry<EntryPayload>) => {
      await identityStorage.put(entry.identity, await read(entry.identity));
      const identity = await identities.getIdentity(entry.identity);
      return identity !== undefined && (await identities.verifyIdentity(identity)) && identity.publicKey === entry.key;
    },
  };
  const log = await Log<EntryPayload>(me, { logId: logIdOf(TEST_VILLAGE, 'assets'), entryStorage, access });
  return { log };
}

test('a stock OrbitDB peer joins our log from its head: entries, identities and hashes are its own', async () => {
  const a = createTestDevice();
  const dir = makeTestDir();
  const blocks = await openVillageBlocks(`${dir}/blocks`, async () => undefined);
  const own = createDeviceIdentity(a.key.seed);
  const books = await openVillageBooks(await openBookDatabase(`${dir}/books`), {
    village: TEST_VILLAGE,
    device: own,
    identity: own.identity,
    admit: () => 'accept',
    identities: createIdentityStore(blocks),
    staged: createStagedEntries(),
    refusals: createRefusals(),
    onJoined: () => undefined,
    onRestored: () => undefined,
    onRefused: ({ reason }) => expect.unreachable(reason),
  });
  for (let i = 0; i < 30; i++) await books.append('assets', [a.write('assets'), a.write('assets')]);

  const stock = await createStockPeer(async (hash) => {
    const bytes = (await books.entryBytes(hash)) ?? (await blocks.readLocal(cidOfOrbitHash(hash)));
    return bytes ?? expect.unreachable(`${hash} is not there`);
  });
  const [head] = books.heads('assets');
  const bytes = await books.entryBytes(head ?? '');
  const entry = await Entry.decode<EntryPayload>(bytes ?? new Uint8Array());
  expect(await stock.log.joinEntry(entry)).toBe(true);
  expect(await stock.log.values()).toHaveLength(30);
  expect((await stock.log.heads()).map((e) => e.hash)).toEqual([head]);
  await books.close();
  await blocks.close();
});

test('entries and identities of a book are served to bitswap like any block', async () => {
  const [a, b] = [createTestDevice(), createTestDevice()];
  const nodeA = await start({ device: a });
  const nodeB = await start({ device: b, admit: () => 'wait' });
  const record = a.write('assets');
  await nodeA.append('assets', [record]);
  await nodeB.dial(addressOf(nodeA));
  const identity = createDeviceIdentity(a.key.seed);
  const entry = await makeEntry(a, 'assets', [record]);
  for (const { hash, bytes } of [identity, entry]) {
    const cid = cidOfOrbitHash(hash).toString(base32);
    const fetched = await nodeB.getBlock(cid, { signal: AbortSignal.timeout(30_000) });
    expect(toHex(fetched)).toBe(toHex(bytes));
  }
});
