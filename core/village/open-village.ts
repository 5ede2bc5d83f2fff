import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Changes, Topic } from '#core/changes.ts';
import type { CoreOptions } from '#core/core.ts';
import type { DataKey } from '#core/crypto/data-key.ts';
import { type DeviceKeys, deviceKeysFrom, verifyEd25519 } from '#core/crypto/device-keys.ts';
import { createKeystore, type Keystore } from '#core/crypto/keystore.ts';
import { AppError } from '#core/ports/errors.ts';
import { step } from '#core/ports/steps.ts';
import type { NodeEvent, VillageNode } from '#core/ports/village-node.ts';
import type { ConsoleStore, VillageRow } from '#core/storage/console-store.ts';
import { openVillageStore, type VillageStore } from '#core/storage/village-store.ts';
import { type KnownRecord, openRecord, type SignedRecord } from '#domain/books/record.ts';
import { recoverSigner } from '#domain/membership/typed-data.ts';
import { readFrame } from '#domain/metering/frame.ts';
import type { MeterHistory } from '#domain/metering/vee.ts';
import { type FrameFact, historiesOf } from '#domain/settlement/accounts.ts';
import { foldVillage, stateHash } from '#domain/village/fold.ts';
import type { VillageState } from '#domain/village/state.ts';
import { createAdmission } from './admission.ts';
import { createFrameKeys, type FrameKeys } from './frame-keys.ts';
import { createRecordIndex, type RecordIndex } from './record-index.ts';
import { openSegment } from './segment-reader.ts';

export interface VillageDeps {
  readonly options: CoreOptions;
  readonly consoleStore: ConsoleStore;
  readonly dataKey: DataKey;
  readonly changes: Changes;
  /** Called after anything new was folded or fetched. */
  readonly onNews: (village: Village) => void;
}

/** One act to be written: a record of this device. */
export interface Act {
  readonly book: string;
  readonly kind: string;
  readonly body: unknown;
}

/** A village held by this console: its node, its books folded into state, its segments, its keys. */
export interface Village {
  readonly row: VillageRow;
  readonly id: string;
  readonly keys: DeviceKeys;
  readonly keystore: Keystore;
  readonly frameKeys: FrameKeys;
  readonly node: VillageNode;
  readonly store: VillageStore;
  readonly index: RecordIndex;
  /** Folded from everything known right now. */
  state(): VillageState;
  stateHash(): string;
  /** Signs, stores durably and folds records in order. Errors: NOT_ALLOWED with the reason the fold gives. */
  act(acts: readonly Act[]): Promise<string[]>;
  /** All frames that can be read, of accepted segments. */
  facts(): readonly FrameFact[];
  histories(): ReadonlyMap<string, MeterHistory>;
  /** Fetches what is announced and not here; resolves when nothing more can be fetched now. */
  fetchSegments(): Promise<void>;
  /** Drops the read models and makes them again from books and blocks. */
  rebuild(): Promise<void>;
  /** Pre-shared key of the village network. */
  psk(): Uint8Array;
  now(): number;
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
const FETCH_MS = 20_000;
const RETRY_MS = 5_000;

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
  const store = openVillageStore(join(dir, 'village.sqlite'));
  const recovered = new Map<string, string | undefined>();
  const recover = (digest: string, sig: string): string | undefined => {
    const key = `${digest}${sig}`;
    if (!recovered.has(key)) recovered.set(key, recoverSigner(digest, sig));
    return recovered.get(key);
  };
  const index = createRecordIndex();
  const psk = () => secret('psk');
  const admission = createAdmission(row.id, recover);
  const now = () => options.clock.now();
  const node = await options.startNode({
    dir: join(dir, 'node'),
    village: row.id,
    device: { id: keys.id, seed: keys.seed },
    psk: psk(),
    listen: options.listen,
    mdns: options.mdns,
    admit: admission.admit,
    clock: options.clock,
  });
  const frameKeys = createFrameKeys(consoleStore, dataKey, row.id, keys);
  const village = assemble({ ...deps, row, keys, store, index, admission, node, frameKeys, recover, psk, now });
  await village.load();
  return village;
}

interface Parts extends VillageDeps {
  readonly row: VillageRow;
  readonly keys: DeviceKeys;
  readonly store: VillageStore;
  readonly index: RecordIndex;
  readonly admission: ReturnType<typeof createAdmission>;
  readonly node: VillageNode;
  readonly frameKeys: FrameKeys;
  readonly recover: (digest: string, sig: string) => string | undefined;
  readonly psk: () => Uint8Array;
  readonly now: () => number;
}

function assemble(p: Parts): Village & { load(): Promise<void> } {
  const { row, keys, store, index, node, frameKeys, now } = p;
  let state: VillageState | undefined;
  let facts: readonly FrameFact[] | undefined;
  let histories: ReadonlyMap<string, MeterHistory> | undefined;
  let chain: Promise<unknown> = Promise.resolve();
  let stopped = false;
  let fetching: Promise<void> | undefined;
  let again = false;
  let retry: NodeJS.Timeout | undefined;
  const stopSignal = new AbortController();

  const fold = (records: readonly KnownRecord[]): VillageState =>
    foldVillage(row.id, records, { nowMs: now(), recover: p.recover });
  const current = (): VillageState => {
    state ??= fold([...index.all.values()]);
    return state;
  };
  const forget = (): void => {
    state = undefined;
    facts = undefined;
    histories = undefined;
  };
  const absorb = (records: readonly SignedRecord[]): string[] => {
    const fresh = index.absorb(records);
    if (fresh.length === 0) return [];
    p.admission.learn(fresh);
    forget();
    for (const book of new Set(fresh.map((r) => r.book))) p.changes.notify(topicOf(book), row.id);
    step('record.folded');
    return fresh.map((r) => r.id);
  };
  /** The state with one more record, which must count: nothing is written that the books would not take. */
  const judge = (signed: SignedRecord): VillageState => {
    const opened = openRecord(signed, verifyEd25519);
    if (!opened.ok) throw new AppError('INTERNAL', `This console made a bad record: ${opened.reason}.`);
    const next = fold([...index.all.values(), opened.record]);
    const reason = next.onHold.get(opened.record.id);
    if (reason !== undefined) {
      throw new AppError('NOT_ALLOWED', `The books do not take this: ${reason}.`, { data: { reason } });
    }
    return next;
  };
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const next = chain.then(work);
    chain = next.catch(() => undefined);
    return next;
  };
  const act = (acts: readonly Act[]): Promise<string[]> =>
    exclusive(async () => {
      const ids: string[] = [];
      for (const a of acts) {
        const signed = index.make(keys, row.id, a.book, a.kind, a.body, now());
        const next = judge(signed);
        const known = index.all.size;
        await node.append(a.book, [signed]);
        ids.push(...absorb([signed]));
        // Unless others' records came in meanwhile, what was judged is the new state.
        if (index.all.size === known + 1) state ??= next;
      }
      if (!acts.every((a) => a.kind === 'key.share')) queueMicrotask(news);
      return ids;
    });
  const shareKeys = async (): Promise<void> => {
    const owed = frameKeys.owed(current());
    if (owed.length > 0 && current().devices.has(keys.id))
      await act(owed.map((body) => ({ book: 'members', kind: 'key.share', body })));
  };
  const news = (): void => {
    if (stopped) return;
    frameKeys.learn(current());
    void fetchSegments();
    p.onNews(self);
    shareKeys().catch((e) => p.options.log(`sharing keys: ${String(e)}`));
  };
  const onEvent = (event: NodeEvent): void => {
    if (event.type === 'records') {
      if (event.origin === 'remote' && absorb(event.records).length > 0) news();
    } else if (event.type === 'refused') {
      store.addRefused({ atMs: now(), peer: event.peer, book: event.book, reason: event.reason });
      p.changes.notify('sync', row.id);
    } else p.changes.notify('sync', row.id);
  };
  const fetchSegments = (): Promise<void> => {
    if (fetching) {
      again = true;
      return fetching;
    }
    fetching = fetchAll().finally(() => {
      fetching = undefined;
      if (again && !stopped) {
        again = false;
        void fetchSegments();
      }
    });
    return fetching;
  };
  const fetchAll = async (): Promise<void> => {
    const have = store.segments();
    let missed = false;
    for (const ref of current().segments.values()) {
      if (stopped) return;
      const known = have.get(ref.cid);
      if (known && known.state !== 'locked') continue;
      try {
        const signal = AbortSignal.any([stopSignal.signal, AbortSignal.timeout(FETCH_MS)]);
        const block = await node.getBlock(ref.cid, { signal });
        const read = openSegment(row.id, ref, block, (id) => frameKeys.find(id), p.dataKey);
        if (known?.state === read.state) continue;
        store.putSegment(ref.cid, read.state, read.reason, block.length, read.frames);
        if (read.state === 'bad') {
          store.addRefused({
            atMs: now(),
            peer: ref.device,
            book: `segments-${ref.day.slice(0, 7)}`,
            reason: read.reason,
          });
        }
        facts = undefined;
        histories = undefined;
        p.changes.notify('readings', row.id);
      } catch (e) {
        if (stopped) return;
        missed = true;
        if (!(e instanceof AppError && e.retryable))
          p.options.log(`segment ${ref.cid}: ${e instanceof Error ? e.message : String(e)}`);
      }
    }
    if (missed && !stopped) {
      clearTimeout(retry);
      retry = setTimeout(() => void fetchSegments(), RETRY_MS);
    }
  };
  const readFacts = (): readonly FrameFact[] => {
    facts ??= store.frames().map((f) => ({
      segment: f.segment,
      signatureOk: f.signatureOk,
      frame: readFrame(p.dataKey.open('frames', f.sealed)),
    }));
    const accepted = current().segments;
    return facts.filter((f) => accepted.has(f.segment));
  };
  const self: Village & { load(): Promise<void> } = {
    row,
    id: row.id,
    keys,
    keystore: createKeystore(p.consoleStore, row.id, p.dataKey, now),
    frameKeys,
    node,
    store,
    index,
    state: current,
    stateHash: () => stateHash(current(), index.all.values()),
    act,
    facts: readFacts,
    histories() {
      histories ??= historiesOf(current(), readFacts());
      return histories;
    },
    fetchSegments,
    async rebuild() {
      store.dropReadModels();
      forget();
      await fetchSegments();
    },
    psk: p.psk,
    now,
    notify: (topic) => p.changes.notify(topic, row.id),
    async load() {
      const unsubscribe = node.subscribe(onEvent);
      stopSignal.signal.addEventListener('abort', unsubscribe);
      const books = node.books();
      for (const book of ['members', ...books.filter((b) => b !== 'members')]) {
        if (!books.includes(book)) continue;
        for await (const chunk of node.scan(book)) absorb(chunk);
      }
      await node.reconsider();
      news();
    },
    async stop() {
      stopped = true;
      clearTimeout(retry);
      stopSignal.abort();
      await chain;
      await fetching;
      await node.stop();
      store.close();
    },
  };
  return self;
}
