import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asSealingKey } from '#core/crypto/aead.ts';
import { openDataKey } from '#core/crypto/data-key.ts';
import type { CheckedSegment } from '#core/storage/segment-tables.ts';
import { openVillageStore } from '#core/storage/village-store.ts';
import { fromHex, toHex } from '#domain/bytes.ts';
import { DAY_MS, dayOf, UTC } from '#domain/time.ts';
import { emptyState, type SegmentRef } from '#domain/village/state.ts';
import { createChainSearch } from './chain-search.ts';
import { type ChainBreak, createChainWatch } from './chain-watch.ts';
import { checkSegment } from './segment-check.ts';
import { GATEWAY, keyOf, meterOf, sealFrame, segmentOf, VILLAGE } from './segment-fixture.ts';
import { createPlainOpener } from './stored-frames.ts';

const START_MS = Date.UTC(2026, 0, 28);
export const OTHER_GATEWAY = 'cd'.repeat(32);
export interface Sealed extends ReturnType<typeof segmentOf> {
  /** What it and its frames follow. */
  readonly links: readonly { readonly meter: string; readonly prev: string | null; readonly leaf: string }[];
}

/** The key of a meter and month. */
const keyName = (meter: string, day: number): string => `${meter} ${dayOf(START_MS + day * DAY_MS, UTC).slice(0, 7)}`;

/** A gateway that seals what it is told to, and may be told to lie. */
export function createGateway(device = GATEWAY.id) {
  const leaves = new Map<string, string | null>();
  let prev: string | null = null;
  let frames = 0;
  const frame = (day: number, meter: string) => {
    frames += 1;
    const before = leaves.get(meter) ?? null;
    const salt = new Uint8Array(createHash('md5').update(`${device} ${frames}`).digest());
    const head = {
      fromMs: START_MS + day * DAY_MS,
      gateway: device,
      prev: before === null ? null : fromHex(before),
      salt,
    };
    const sealed = sealFrame(meter, head, keyName(meter, day));
    const leaf = toHex(sealed.leaf);
    leaves.set(meter, leaf);
    return { sealed, link: { meter: meterOf(meter), prev: before, leaf } };
  };
  return {
    /** A day's segment of these meters; what of it is `kept` back is in the chains and not in the segment. */
    seal(day: number, meters: readonly string[], kept: readonly string[] = []): Sealed {
      for (const meter of kept) frame(day, meter);
      const made = meters.map((meter) => frame(day, meter));
      const atMs = START_MS + (day + 1) * DAY_MS;
      const sealed = segmentOf(
        made.map((m) => m.sealed),
        { device, prev, day: dayOf(START_MS + day * DAY_MS, UTC), atMs },
      );
      const links = [{ meter: '', prev, leaf: sealed.ref.cid }, ...made.map((m) => m.link)];
      prev = sealed.ref.cid;
      return { ...sealed, links };
    },
    /** Where its chains end. */
    ends: () => ({ prev, leaves: new Map(leaves) }),
    /** It goes on from another place than where its chain ended. */
    goOnFrom(meter: string, leaf: string | null): void {
      leaves.set(meter, leaf);
    },
    goOnFromSegment(cid: string | null): void {
      prev = cid;
    },
  };
}

/** A console that takes segments in any order, with the keys it has, and follows their chains. */
export async function openDesk() {
  const dir = mkdtempSync(join(tmpdir(), 'chains-'));
  const store = openVillageStore(':memory:', await openDataKey(dir, undefined));
  const state = emptyState(VILLAGE);
  const keys = new Map<string, Uint8Array>();
  const blocks = new Map<string, Sealed>();
  let fetching = false;
  const sealing = () => new Map([...keys].map(([id, key]) => [id, asSealingKey(key)]));
  const search = createChainSearch({ store, state: () => state, openPlain: createPlainOpener((id) => keys.get(id)) });
  const watch = createChainWatch({
    store,
    state: () => state,
    search,
    isFetching: () => fetching,
    onChanged: () => undefined,
    log: () => undefined,
  });
  const check = ({ ref, block }: Sealed, only: readonly string[] | null) =>
    checkSegment({ village: VILLAGE, keys: sealing() }, { ref, block, only });
  const put = (checked: readonly CheckedSegment[]): void => {
    store.putSegments(checked);
    watch.onStored(checked);
  };
  return {
    store,
    watch,
    announce(...sealed: readonly Sealed[]): void {
      for (const { ref } of sealed) state.segments.set(ref.cid, ref);
    },
    setFetching(isFetching: boolean): void {
      fetching = isFetching;
    },
    /** In one transaction. */
    take(...sealed: readonly Sealed[]): void {
      for (const s of sealed) blocks.set(s.ref.cid, s);
      put(sealed.map((s) => check(s, null)));
    },
    learn(names: readonly string[]): void {
      const ids = names.map((name) => keyOf(name));
      for (const { id, key } of ids) keys.set(id, key);
      const affected = new Set(ids.flatMap(({ id }) => store.segmentsLockedBy(id)));
      const only = ids.map(({ id }) => id);
      put([...affected].map((cid) => check(blocks.get(cid) as Sealed, only)));
    },
    async close(): Promise<void> {
      await watch.stop();
      store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
export type Desk = Awaited<ReturnType<typeof openDesk>>;

/** Every key that the meters of these gateways are sealed with in the first so many days. */
export const keysOf = (meters: readonly string[], days: number): string[] => [
  ...new Set(Array.from({ length: days }, (_, day) => meters.map((meter) => keyName(meter, day))).flat()),
];

/** A break in short: what, who, where, which meters. */
export const shortOf = (breaks: readonly ChainBreak[], sealed: readonly Pick<Sealed, 'ref'>[]) =>
  breaks
    .map(({ kind, device, segments, meters }) => ({
      kind,
      device,
      at: segments.map(({ cid }: SegmentRef) => sealed.findIndex(({ ref }) => ref.cid === cid)),
      meters,
    }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** What is to be told of segments of one gateway that are all here and open, found by looking at everything. */
export function expectedOf(sealed: readonly Sealed[]) {
  const links = sealed.flatMap((s, at) => s.links.map((link) => ({ ...link, at })));
  const places = new Map<string, { kind: string; at: number[]; meters: string[] }>();
  for (const [meter, chain] of Map.groupBy(links, (link) => link.meter)) {
    const leaves = new Set(chain.map(({ leaf }) => leaf));
    for (const [prev, naming] of Map.groupBy(chain, (link) => link.prev)) {
      if (naming.length === 1 && (prev === null || leaves.has(prev))) continue;
      const at = naming.map((link) => link.at);
      const kind = naming.length > 1 ? 'fork' : 'missing';
      const key = `${kind} ${at.join(' ')}`;
      const place = places.get(key) ?? { kind, at, meters: [] };
      places.set(key, place);
      if (meter !== '') place.meters.push(meter);
    }
  }
  return [...places.values()]
    .map(({ kind, at, meters }) => ({ kind, device: GATEWAY.id, at, meters: meters.sort() }))
    .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
export const meterIds = (...meters: readonly string[]): string[] => meters.map(meterOf).sort();
