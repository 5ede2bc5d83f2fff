import type { DeviceIdentity } from './device-identity.ts';
import { openIdentity } from './device-identity.ts';
import { type BookEntry, type Checked, readEntry, verifyEntry } from './entry-codec.ts';
import type { IdentityStore } from './identity-store.ts';
import type { Arrival } from './staged-entries.ts';
import type { Standing } from './village-books.ts';

/** What came for one book, from a peer or out of a file. */
export interface Delivery {
  /** Who gave it; told with every refusal. */
  readonly peer: string;
  readonly book: string;
  readonly identities: readonly Uint8Array[];
  readonly entries: readonly Uint8Array[];
  /** Of the entries, in their order. */
  readonly hashes: readonly string[];
}

export interface CheckedDelivery {
  readonly peer: string;
  readonly book: string;
  /** Hashes of all entries of the delivery, sound or not, in their order. */
  readonly hashes: readonly string[];
  /** Where each of them was before. */
  readonly standings: readonly Standing[];
  /** Verified entries that are new here. */
  readonly arrivals: readonly Arrival[];
  readonly unsound: readonly Unsound[];
}

interface Unsound {
  readonly hash: string;
  readonly reason: string;
  /** False when the same entry may turn out sound once more is known. */
  readonly forGood: boolean;
}

interface CheckContext {
  readonly village: string;
  readonly identities: IdentityStore;
  standing(book: string, hashes: readonly string[]): Promise<Standing[]>;
  /** By book and hash; shared by all deliveries, for several peers may send the same entry at the same time. */
  readonly underWay: VerificationsUnderWay;
}

export type VerificationsUnderWay = Map<string, Promise<Checked<BookEntry>>>;

/** Verifies all entries of a delivery that are new. Never rejects because of what is in them. */
export async function checkDelivery(delivery: Delivery, context: CheckContext): Promise<CheckedDelivery> {
  const { book, peer, hashes } = delivery;
  const opened = await Promise.all(delivery.identities.map(openIdentity));
  const sent = new Map(opened.filter((identity) => identity !== undefined).map((id) => [id.hash, id]));
  const standings = await context.standing(book, hashes);
  const fresh = new Set(hashes.filter((_, i) => standings[i] === 'unknown'));
  const checking: Promise<{ hash: string; result: Checked<Arrival> }>[] = [];
  for (const [i, hash] of hashes.entries()) {
    const bytes = delivery.entries[i];
    // Each once, also when it was sent twice.
    if (bytes && fresh.delete(hash))
      checking.push(checkEntry(bytes, hash, delivery, sent, context).then((result) => ({ hash, result })));
  }
  const arrivals: Arrival[] = [];
  const unsound: Unsound[] = [];
  for (const { hash, result } of await Promise.all(checking)) {
    if (result.ok) arrivals.push(result.value);
    else unsound.push({ hash, reason: result.reason, forGood: result.reason !== NO_IDENTITY });
  }
  return { peer, book, hashes, standings, arrivals, unsound };
}

async function checkEntry(
  bytes: Uint8Array,
  hash: string,
  { peer, book }: Delivery,
  sent: ReadonlyMap<string, DeviceIdentity>,
  context: CheckContext,
): Promise<Checked<Arrival>> {
  const read = readEntry(bytes, hash);
  if (!read.ok) return read;
  const identity = sent.get(read.value.fields.identity) ?? (await context.identities.get(read.value.fields.identity));
  const problem = bindingProblem(read.value, identity);
  if (problem !== undefined || !identity) return { ok: false, reason: problem ?? NO_IDENTITY };
  const verified = await verifyOnce(read.value, book, context);
  return verified.ok ? { ok: true, value: { entry: verified.value, identity, peer } } : verified;
}

function verifyOnce(entry: BookEntry, book: string, { village, underWay }: CheckContext): Promise<Checked<BookEntry>> {
  const key = `${book} ${entry.hash}`;
  const known = underWay.get(key);
  if (known) return known;
  const checking = verifyEntry(entry, village, book).finally(() => underWay.delete(key));
  underWay.set(key, checking);
  return checking;
}

/** Not remembered: the same entry is sound once its identity comes along. */
const NO_IDENTITY = 'the identity of the entry was not sent';

function bindingProblem(entry: BookEntry, identity: DeviceIdentity | undefined): string | undefined {
  if (!identity) return NO_IDENTITY;
  return identity.device === entry.fields.key ? undefined : 'the key of the entry is not the key of its identity';
}
