import { createKeyOpener, createKeySealer, keyIdOf } from '#core/crypto/aead.ts';
import { type DeviceKeys, newSeed } from '#core/crypto/device-keys.ts';
import { audienceOf, monthOfScope } from '#domain/membership/audiences.ts';
import type { Month } from '#domain/time.ts';
import { MAX_SHARED_KEYS } from '#domain/village/fold-members.ts';
import { isCoordinator, type KeyShares, type SealedKey, shareId, type VillageState } from '#domain/village/state.ts';
import type { HeldKey, KeyRing } from './key-ring.ts';
import { createOwedMonths } from './owed-months.ts';

export interface NamedKey {
  readonly id: string;
  readonly key: Uint8Array;
}
/** A `key.share` record that is due. */
export interface OwedShares {
  readonly book: string;
  readonly body: { readonly shares: { key: string; scope: string; sealed: SealedKey[] }[] };
}
export interface Owed {
  readonly records: readonly OwedShares[];
  /** When somebody else's turn to give is over and this device's begins, on the clock of `elapsedMs`. */
  readonly nextMs: number | undefined;
  /** Not all keys were looked through yet: to be asked again at once. */
  readonly isMore: boolean;
}

/** Keys as those who read and check frames ask for them. */
export interface FrameKeys {
  readonly find: (id: string) => Uint8Array | undefined;
  /** Those that frames of a UTC month are to lie under. */
  readonly ofMonth: (month: Month) => readonly NamedKey[];
  /** Grows with every key that comes. */
  readonly newest: () => number;
  /** Ids of those that came since {@link newest} was so much. */
  readonly since: (newest: number) => string[];
}

/**
 * The keys of this device: each opens what is sealed for one audience. A device seals only with keys it made itself, so
 * nobody else's key can stand in for one; what it made it gives to the audience, and passes on what it was given.
 */
export interface AudienceKeys extends FrameKeys {
  /** The key to seal with now. A new one where somebody who was given the last is no longer of the audience. */
  current(state: VillageState, scope: string, atMs: number): NamedKey;
  /** Opens what was sealed to this device since the last checkpoint was kept; to be called before one is kept. */
  learn(state: Pick<VillageState, 'keyShares'>): boolean;
  /** What devices of the audiences still lack and this device is to give; looks through some months at a time. */
  owed(state: VillageState, nowMs: number, elapsedMs: number): Owed;
}

/** Between one possible giver and the next: as long as a share takes to come round. */
const TURN_MS = 2_000;
/** Looked through before others have a turn; a month more may be. */
const LOOKED_AT_ONCE = 200;

export function createAudienceKeys(ring: KeyRing, keys: DeviceKeys): AudienceKeys {
  /** Shares that opened to nothing: noise, or another's. */
  const noise = new Set<string>();
  /** Shares whose key is here: of many that come one after the other each is looked for once. */
  const opened = new Set<string>();
  const noticed = new Map<string, number>();
  const months = createOwedMonths(ring);
  /** Of the present pass through them: what is left of it, and when more of what was seen will be due. */
  let left: string[] = [];
  let nextMs: number | undefined;
  const add = (more: readonly HeldKey[]): void => {
    ring.add(more);
    for (const { scope } of more) months.open(monthOfScope(scope) ?? '');
  };
  const isOwn = (h: HeldKey): boolean => h.giver === keys.id;

  const opener = createKeyOpener(keys);
  const learn = (state: Pick<VillageState, 'keyShares'>): boolean => {
    const found: HeldKey[] = [];
    // What lies below was tried before it was put there.
    const { changed, fresh } = state.keyShares.laid();
    for (const [share, devices] of [...changed, ...fresh]) {
      const shared = opened.has(share) ? undefined : devices.get(keys.id);
      if (!shared) continue;
      const [scope = '', id = ''] = share.split(' ');
      if (ring.find(id)) {
        opened.add(share);
        continue;
      }
      // Anyone of the village may have written noise under this id; the share that opens to the key is the one.
      for (const [giver, sealed] of shared) {
        const tried = `${share} ${giver}`;
        if (noise.has(tried)) continue;
        const key = opener.open(sealed);
        if (key && keyIdOf(key) === id) {
          found.push({ id, key, scope, giver });
          break;
        }
        noise.add(tried);
      }
    }
    if (found.length > 0) add(found);
    return found.length > 0;
  };
  const current = (state: VillageState, scope: string, atMs: number): NamedKey => {
    const audience = audienceOf(state, scope, atMs);
    const newest = ring.newestOwn(scope);
    if (newest && givenTo(state, newest, keys.id).every((d) => audience.has(d))) return newest;
    const key = newSeed();
    const made = { id: keyIdOf(key), key, scope, giver: keys.id };
    add([made]);
    return made;
  };
  const missingOf = (state: VillageState, h: HeldKey, shares: KeyShares | undefined, nowMs: number): string[] => {
    // The maker of a key shares it; anyone who holds it shares with those who came later.
    if (!isOwn(h) && !shares) return [];
    const isServed = (device: string): boolean =>
      [...(shares?.get(device)?.keys() ?? [])].some(
        (author) => author === keys.id || (!isOwn(h) && (author === h.giver || isCoordinators(state, author))),
      );
    const audience = audienceOf(state, h.scope, nowMs);
    if (!isOwn(h) && !audience.has(keys.id)) return [];
    const givers = isOwn(h) ? [] : [...(shares?.values() ?? [])].flatMap((given) => [...given.keys()]);
    // Who gave a key has it.
    const has = new Set([keys.id, ...givers]);
    return [...audience].filter((d) => !has.has(d) && !isServed(d));
  };
  /** Every holder knows the same order, so that not all give at once: its maker, coordinators, the rest by device. */
  const waitMs = (state: VillageState, h: HeldKey, shares: KeyShares = new Map()): number => {
    if (isOwn(h)) return 0;
    const audience = audienceOf(state, h.scope, Number.NEGATIVE_INFINITY);
    const authors = [...shares.values()].flatMap((given) => [...given.keys()]);
    const rank = (d: string): number => (shares.has(d) ? (isCoordinators(state, d) ? 1 : 2) : 0);
    const givers = [...new Set([...authors, ...shares.keys(), keys.id])]
      .filter((d) => d === keys.id || audience.has(d))
      .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
    return givers.indexOf(keys.id) * TURN_MS;
  };
  /** What is due of a month, and when more of it will be. */
  const lookThrough = (state: VillageState, month: string, nowMs: number, elapsedMs: number): Looked => {
    const due: Due[] = [];
    let waitsUntilMs: number | undefined;
    const held = ring.ofMonth(month);
    const sharesOf = new Map(state.keyShares.within(month, month));
    for (const h of held) {
      const shares = sharesOf.get(shareId(h.scope, h.id));
      for (const device of missingOf(state, h, shares, nowMs)) {
        const lack = `${h.id} ${device}`;
        const sinceMs = noticed.get(lack) ?? elapsedMs;
        noticed.set(lack, sinceMs);
        const turnMs = sinceMs + waitMs(state, h, shares);
        const box = state.devices.get(device)?.box;
        if (turnMs > elapsedMs) waitsUntilMs = Math.min(waitsUntilMs ?? turnMs, turnMs);
        else if (box !== undefined) due.push({ held: h, device, box });
      }
    }
    if (due.length === 0 && waitsUntilMs === undefined) months.close(month);
    return { due, waitsUntilMs, keys: held.length };
  };
  return {
    current,
    find: (id) => ring.find(id)?.key,
    ofMonth: ring.ofMonth,
    newest: ring.newest,
    since: ring.since,
    learn,
    owed(state, nowMs, elapsedMs) {
      const self = state.devices.get(keys.id);
      if (!self || self.revoked || self.frozenFrom) return { records: [], nextMs: undefined, isMore: false };
      if (left.length === 0) {
        left = months.list(state);
        nextMs = undefined;
        if (left.length === 0) noticed.clear();
      }
      const due: Due[] = [];
      for (let looked = 0; left.length > 0 && looked < LOOKED_AT_ONCE; ) {
        const found = lookThrough(state, left.shift() ?? '', nowMs, elapsedMs);
        looked += found.keys;
        due.push(...found.due);
        if (found.waitsUntilMs !== undefined) nextMs = Math.min(nextMs ?? found.waitsUntilMs, found.waitsUntilMs);
      }
      return { records: recordsOf(due), nextMs, isMore: left.length > 0 };
    },
  };
}

interface Looked {
  readonly due: readonly Due[];
  readonly waitsUntilMs: number | undefined;
  readonly keys: number;
}

/** Devices other than its maker that a key came to, by its maker or by those who had it. */
function givenTo(state: VillageState, key: HeldKey, maker: string): string[] {
  const shares = state.keyShares.get(shareId(key.scope, key.id));
  const given = new Set([maker]);
  for (let before = 0; shares && before !== given.size; ) {
    before = given.size;
    for (const [device, authors] of shares) if ([...authors.keys()].some((a) => given.has(a))) given.add(device);
  }
  given.delete(maker);
  return [...given];
}

interface Due {
  readonly held: HeldKey;
  readonly device: string;
  readonly box: string;
}
/** Sealed keys by book, as many to a record as it holds. */
function recordsOf(due: readonly Due[]): OwedShares[] {
  const books = new Map<string, Due[]>();
  for (const d of due) {
    const month = monthOfScope(d.held.scope);
    const book = month === undefined ? 'members' : `segments-${month}`;
    books.set(book, [...(books.get(book) ?? []), d]);
  }
  const records: OwedShares[] = [];
  for (const [book, all] of books) {
    for (let from = 0; from < all.length; from += MAX_SHARED_KEYS) {
      const shares = new Map<string, { key: string; scope: string; sealed: SealedKey[] }>();
      const { sealTo } = createKeySealer();
      for (const { held, device, box } of all.slice(from, from + MAX_SHARED_KEYS)) {
        const share = shares.get(held.id) ?? { key: held.id, scope: held.scope, sealed: [] };
        share.sealed.push(sealTo(device, box, held.key));
        shares.set(held.id, share);
      }
      records.push({ book, body: { shares: [...shares.values()] } });
    }
  }
  return records;
}

/** Their shares are taken to be good without opening them; the maker of a key trusts only its own. */
const isCoordinators = (state: VillageState, device: string): boolean =>
  isCoordinator(state, state.devices.get(device)?.member ?? '');
