import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Changes, Topic } from '#core/changes.ts';
import type { CoreOptions } from '#core/core.ts';
import type { DataKey } from '#core/crypto/data-key.ts';
import { type DeviceKeys, deviceKeysFrom } from '#core/crypto/device-keys.ts';
import { createKeystore, type Keystore } from '#core/crypto/keystore.ts';
import { AppError } from '#core/ports/errors.ts';
import type { NodeEvent, VillageNode } from '#core/ports/village-node.ts';
import type { ConsoleStore, VillageRow } from '#core/storage/console-store.ts';
import { watchRoom } from '#core/storage/disk-room.ts';
import { openVillageStore, type VillageStore } from '#core/storage/village-store.ts';
import { isCopied, restoredCopy } from '#core/villages/copied.ts';
import type { Cut } from '#domain/books/chains.ts';
import type { SealedFields, Subject } from '#domain/membership/private-fields.ts';
import { type RecoverSigner, recoverSigner } from '#domain/membership/typed-data.ts';
import type { Checkpoint } from '#domain/village/epochs.ts';
import { stateHash } from '#domain/village/fold.ts';
import type { RevealedState } from '#domain/village/reveal.ts';
import type { VillageState } from '#domain/village/state.ts';
import { createAdmission, type WaitingDevice } from './admission.ts';
import { type AudienceKeys, createAudienceKeys } from './audience-keys.ts';
import { createChainSearch } from './chain-search.ts';
import { type ChainWatch, createChainWatch } from './chain-watch.ts';
import { createKeyExchange } from './key-exchange.ts';
import { openKeyRing } from './key-ring.ts';
import { createNetworkAccess, type NetworkAccess } from './network-access.ts';
import { createNewsPace } from './news-pace.ts';
import { createPastStates } from './past-states.ts';
import { createPrivateParts, type Fields } from './private-parts.ts';
import { createReadings, type Readings } from './readings.ts';
import { type Act, createRecordIndex, type RecordIndex } from './record-index.ts';
import { rememberSigners } from './remember-signers.ts';
import { createSegmentFetcher, type SegmentFetcher } from './segment-fetcher.ts';
import { type AtCut, createStateCache } from './state-cache.ts';
import { createPlainOpener } from './stored-frames.ts';
import { createVillageBooks, type TakeCheckpoint } from './village-books.ts';

export interface VillageDeps {
  readonly options: CoreOptions;
  readonly consoleStore: ConsoleStore;
  readonly dataKey: DataKey;
  readonly changes: Changes;
  /** Called after anything new was folded or fetched. */
  readonly onNews: (village: Village) => void;
}

/** A village held by this console: its node, its books folded into state, its segments, its keys. */
export interface Village {
  readonly row: VillageRow;
  readonly id: string;
  /** Where everything of it lies on this disk. */
  readonly dir: string;
  readonly keys: DeviceKeys;
  readonly keystore: Keystore;
  readonly audienceKeys: AudienceKeys;
  readonly node: VillageNode;
  readonly store: VillageStore;
  readonly index: RecordIndex;
  /** Devices whose records came and whom nobody let in. */
  waiting(): readonly WaitingDevice[];
  /** Folded from everything known right now. */
  readonly state: () => VillageState;
  /** The state with names, phones, notes and reasons, as far as this device holds their keys. */
  readonly revealed: () => RevealedState;
  /** Seals the private part of a record for its audience: the members, unless told. */
  seal(subject: Subject, id: string, fields: Fields, scope?: string): SealedFields;
  stateHash(): string;
  /** A state stands on what lies settled in the tables at this moment. */
  isOnRows(of: Pick<VillageState, 'segments'>): boolean;
  /** The state as a cut saw it that follows the close `prev`. */
  atCut(prev: string, records: Cut): Promise<AtCut>;
  /** All that a close on the present head may count. */
  nameCut(): Cut;
  /** The folder was copied: nothing is written under its device key. */
  copied(): boolean;
  /**
   * Signs, stores durably and folds records in order.
   * Errors: NOT_ALLOWED with the reason the fold gives, RESTORED_COPY.
   */
  act(acts: readonly Act[]): Promise<string[]>;
  readonly readings: Readings;
  /** Announced segments: brought here, checked, opened. */
  readonly segments: Pick<
    SegmentFetcher,
    'open' | 'fetch' | 'setFetched' | 'wants' | 'onLost' | 'progress' | 'announced' | 'lacking'
  >;
  /** Where the chains of gateways do not go on. */
  readonly chains: Pick<ChainWatch, 'breaks' | 'look'>;
  /** Months were put away, or books came back: what is kept in memory of them is read again. */
  onArchive(cameBack: readonly string[]): Promise<void>;
  /** The last anchored cut: where folds begin. */
  checkpoint(): Checkpoint;
  /**
   * Goes on from a checkpoint that the coordinators signed, in place of the books before it, if `take` gives one; then
   * does what `settle` says before anything is fetched.
   */
  startFrom(take: TakeCheckpoint, settle: () => Promise<void>): Promise<boolean>;
  /** Tries the keys that lie in a checkpoint from elsewhere: of its own ones each is tried before it is kept. */
  learnSettledKeys(): Promise<void>;
  /** Drops the read models and makes them again from books and blocks. */
  rebuild(): Promise<void>;
  /** The key of the village network, who has it, and where this console meets the others. */
  readonly network: NetworkAccess;
  now(): number;
  /** For whoever looks after this console. */
  log(line: string): void;
  notify(topic: Topic): void;
  stop(): Promise<void>;
}

export const secretLabel = (village: string, what: 'device-seed' | 'psk'): string => `${what}|${village}`;

const TOPIC: Record<string, Topic> = {
  members: 'members',
  assets: 'assets',
  agreements: 'agreements',
  settlement: 'accounts',
};
const topicOf = (book: string): Topic => TOPIC[book] ?? 'readings';

export async function openVillage(deps: VillageDeps, row: VillageRow): Promise<Village> {
  const { options, consoleStore, dataKey } = deps;
  const dir = join(options.dir, 'villages', row.id);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const secret = (what: 'device-seed' | 'psk'): Uint8Array => {
    const sealed = consoleStore.getSecret(secretLabel(row.id, what));
    if (!sealed) throw new AppError('INTERNAL', `The ${what} of ${row.name} is missing from this console.`);
    return dataKey.open(secretLabel(row.id, what), sealed);
  };
  const keys = deviceKeysFrom(secret('device-seed'));
  const store = openVillageStore(join(dir, 'village.sqlite'), dataKey);
  const recover = rememberSigners(recoverSigner);
  const index = createRecordIndex(store);
  const now = () => options.clock.now();
  const admission = createAdmission(row.id, recover, now);
  secret('psk');
  const network = createNetworkAccess({
    village: row.id,
    store: consoleStore,
    dataKey,
    label: secretLabel(row.id, 'psk'),
    keys,
    now,
    log: options.log,
  });
  const node = await options
    .startNode({
      dir: join(dir, 'node'),
      village: row.id,
      device: { id: keys.id, seed: keys.seed },
      listen: options.listen,
      mdns: options.mdns,
      relay: options.relay ?? false,
      ...network.nodeOptions,
      admit: admission.admit,
      hasRoom: watchRoom(dir),
      clock: options.clock,
    })
    .catch((e: unknown) => {
      store.close();
      throw e;
    });
  const audienceKeys = createAudienceKeys(openKeyRing(consoleStore, dataKey, row.id, keys.id), keys);
  const village = assemble({
    ...deps,
    row,
    dir,
    keys,
    store,
    index,
    admission,
    node,
    audienceKeys,
    recover,
    network,
    now,
  });
  try {
    await village.load();
    return village;
  } catch (e) {
    await village.stop();
    throw e;
  }
}

interface Parts extends VillageDeps {
  readonly row: VillageRow;
  readonly dir: string;
  readonly keys: DeviceKeys;
  readonly store: VillageStore;
  readonly index: RecordIndex;
  readonly admission: ReturnType<typeof createAdmission>;
  readonly node: VillageNode;
  readonly audienceKeys: AudienceKeys;
  readonly recover: RecoverSigner;
  readonly network: NetworkAccess;
  readonly now: () => number;
}

function assemble(p: Parts): Village & { load(): Promise<void> } {
  const { row, keys, store, index, node, audienceKeys, now } = p;
  let stopped = false;
  let unsubscribe = (): void => undefined;
  const log = (line: string): void => p.options.log(line);
  const notify = (...topics: readonly Topic[]): void => {
    for (const topic of topics) p.changes.notify(topic, row.id);
  };

  const cache = createStateCache({
    village: row.id,
    index,
    recover: p.recover,
    now,
    onCheckpoint: (before) => books.keepCheckpoint(before),
  });
  const openPlain = createPlainOpener(audienceKeys.find);
  const past = createPastStates({ village: row.id, index, store, cache, recover: p.recover });
  const readings = createReadings({
    store,
    dataKey: p.dataKey,
    openPlain,
    state: cache.state,
    isOnRows: cache.isOnRows,
    onJudged: () => notify('readings'),
  });
  const parts = createPrivateParts({
    village: row.id,
    keys: audienceKeys,
    state: cache.state,
    now,
    language: () => p.consoleStore.preference('language'),
  });
  const segments = createSegmentFetcher({
    village: row.id,
    node,
    store,
    state: cache.state,
    keys: audienceKeys,
    now,
    log,
    settledSegments: () => cache.checkpoint().state.segments.size,
    onRound: () => orLog('audience keys', () => keyExchange.learn()),
    onOpened(oldestMs, stored) {
      readings.onSegments(oldestMs);
      chains.onStored(stored);
      notify('readings', 'sync');
    },
    onProgress: () => notify('sync'),
  });
  const chains = createChainWatch({
    store,
    state: cache.state,
    search: createChainSearch({ store, state: cache.state, openPlain }),
    isFetching: () => segments.progress().state === 'fetching',
    onChanged: () => notify('sync', 'readings'),
    log,
  });
  const books = createVillageBooks({
    village: row.id,
    keys,
    node,
    index,
    admission: p.admission,
    cache,
    store,
    dataKey: p.dataKey,
    log,
    now,
    onKeeping: () => keyExchange.learn(),
    onFolded: (names) => notify(...[...names].map(topicOf)),
  });
  const copied = (): boolean => isCopied(p.consoleStore, row.id);
  const act = async (acts: readonly Act[]): Promise<string[]> => {
    if (copied()) throw restoredCopy();
    const ids = await books.act(acts);
    queueMicrotask(news);
    return ids;
  };
  const keyExchange = createKeyExchange({
    device: keys.id,
    keys: audienceKeys,
    books,
    cache,
    now,
    copied,
    onLearnt() {
      parts.forget();
      notify('members', 'meters', 'readings');
    },
    onTurn: () => news(),
  });
  /** Nobody waits for what follows on news: a full disk is told to the log, and the next news tries again. */
  const orLog = (what: string, work: () => void): void => {
    try {
      work();
    } catch (e) {
      log(`${what}: ${e instanceof Error ? e.message : String(e)}`);
    }
  };
  const news = (): void => {
    if (stopped || books.isReading()) return;
    orLog('audience keys', () => keyExchange.learn());
    void segments.fetch();
    chains.onNews();
    p.onNews(self);
    keyExchange.give().catch((e) => log(`sharing keys: ${String(e)}`));
    orLog('network keys', () => p.network.onNews());
  };
  const remoteNews = createNewsPace(news);
  const onEvent = (event: NodeEvent): void => {
    if (event.type === 'records') {
      if (event.origin !== 'remote') return;
      books.absorb(event.records);
      // Also where a reading of the books took them in before they were told.
      remoteNews.tell();
    } else if (event.type === 'refused') {
      orLog('refused', () => store.addRefused({ ...event, atMs: now() }));
      notify('sync');
    } else if (event.type === 'damaged') {
      orLog('damaged block', () => segments.onLost(event.cid));
    } else {
      segments.onPeers();
      notify('sync');
    }
  };
  const self: Village & { load(): Promise<void> } = {
    row,
    id: row.id,
    dir: p.dir,
    keys,
    keystore: createKeystore(p.consoleStore, row.id, p.dataKey, now),
    audienceKeys,
    node,
    store,
    index,
    waiting: p.admission.waiting,
    state: cache.state,
    copied,
    revealed: parts.revealed,
    seal: parts.seal,
    stateHash: () => stateHash(cache.state()),
    isOnRows: cache.isOnRows,
    atCut: async (prev, cut) => (cache.isPassed(prev, cut) ? past.at(prev, cut) : cache.atCut(prev, cut)),
    nameCut: cache.nameCut,
    act,
    readings,
    segments,
    chains,
    checkpoint: cache.checkpoint,
    async startFrom(take, settle) {
      if (!(await books.startFrom(take))) return false;
      await settle();
      news();
      return true;
    },
    learnSettledKeys: () => keyExchange.learnSettled(),
    async rebuild() {
      await books.reload();
      segments.onDropped();
      chains.onDropped();
      readings.onSegments();
      await segments.fetch();
      news();
    },
    async onArchive(cameBack) {
      await books.reread(cameBack);
      segments.onDropped();
      chains.onDropped();
      readings.onSegments();
      notify('readings', 'sync');
    },
    network: p.network,
    now,
    log,
    notify,
    async load() {
      unsubscribe = node.subscribe(onEvent);
      await books.load();
      p.network.start({ node, state: cache.state, act: (acts) => books.act(acts) });
      news();
    },
    async stop() {
      stopped = true;
      remoteNews.stop();
      past.stop();
      keyExchange.stop();
      unsubscribe();
      const fetched = segments.stop();
      await chains.stop();
      await readings.stop();
      await books.idle();
      await fetched;
      await node.stop();
      store.close();
    },
  };
  return self;
}
