import type { DeviceIdentity } from './device-identity.ts';
import { openIdentity } from './device-identity.ts';
import { type BookEntry, type Checked, formProblem, readEntry, signatureProblem, signaturesOf } from './entry-codec.ts';
import type { IdentityStore } from './identity-store.ts';
import { verifySignatures } from './signature-pool.ts';
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
  /** Shared by all deliveries, for several peers may send the same entry at the same time. */
  readonly underWay: VerificationsUnderWay;
}

/** By book and hash: the batch that an entry is checked with. */
export type VerificationsUnderWay = Map<string, Promise<Problems>>;
/** What is wrong with an entry, by its hash. */
type Problems = ReadonlyMap<string, string>;

/** Verifies all entries of a delivery that are new. Never rejects because of what is in them. */
export async function checkDelivery(delivery: Delivery, context: CheckContext): Promise<CheckedDelivery> {
  const { book, peer, hashes } = delivery;
  const opened = delivery.identities.map(openIdentity);
  const sent = new Map(opened.filter((identity) => identity !== undefined).map((id) => [id.hash, id]));
  const standings = await context.standing(book, hashes);
  const fresh = new Set(hashes.filter((_, i) => standings[i] === 'unknown'));
  const read: { readonly hash: string; readonly result: Checked<Arrival> }[] = [];
  for (const [i, hash] of hashes.entries()) {
    const bytes = delivery.entries[i];
    // Each once, also when it was sent twice.
    if (!bytes || !fresh.delete(hash)) continue;
    const result = readEntry(bytes, hash);
    if (!result.ok) {
      read.push({ hash, result });
      continue;
    }
    const entry = result.value;
    const identity = sent.get(entry.identity) ?? (await context.identities.get(entry.identity));
    read.push({ hash, result: toArrival(entry, identity, peer) });
  }
  const entries = read.flatMap(({ result }) => (result.ok ? [result.value.entry] : []));
  const problems = await problemsOf(entries, book, context);
  const arrivals: Arrival[] = [];
  const unsound: Unsound[] = [];
  for (const { hash, result } of read) {
    const reason = result.ok ? problems.get(hash) : result.reason;
    if (reason !== undefined) unsound.push({ hash, reason, forGood: reason !== NO_IDENTITY });
    else if (result.ok) arrivals.push(result.value);
  }
  return { peer, book, hashes, standings, arrivals, unsound };
}

function toArrival(entry: BookEntry, identity: DeviceIdentity | undefined, peer: string): Checked<Arrival> {
  if (!identity) return { ok: false, reason: NO_IDENTITY };
  if (identity.device !== entry.device)
    return { ok: false, reason: 'the key of the entry is not the key of its identity' };
  return { ok: true, value: { entry, identity, peer } };
}

/** Not remembered: the same entry is sound once its identity comes along. */
const NO_IDENTITY = 'the identity of the entry was not sent';

async function problemsOf(entries: readonly BookEntry[], book: string, context: CheckContext): Promise<Problems> {
  const { village, underWay } = context;
  const keyOf = (entry: BookEntry): string => `${book} ${entry.hash}`;
  const own = entries.filter((entry) => !underWay.has(keyOf(entry)));
  const checking = checkBatch(own, village, book).finally(() => {
    for (const entry of own) underWay.delete(keyOf(entry));
  });
  for (const entry of own) underWay.set(keyOf(entry), checking);
  const batches = new Set(entries.map((entry) => underWay.get(keyOf(entry))));
  const problems = new Map<string, string>();
  for (const batch of batches) for (const [hash, problem] of (await batch) ?? []) problems.set(hash, problem);
  return problems;
}

/** All signatures of all entries are under way at once. */
async function checkBatch(entries: readonly BookEntry[], village: string, book: string): Promise<Problems> {
  const problems = new Map<string, string>();
  const note = (entry: BookEntry, problem: string | undefined): void => {
    if (problem !== undefined) problems.set(entry.hash, problem);
  };
  for (const entry of entries) note(entry, formProblem(entry, village, book));
  const sound = entries.filter(({ hash }) => !problems.has(hash));
  const verdicts = await verifySignatures(sound.flatMap(signaturesOf));
  let at = 0;
  for (const entry of sound) {
    const to = at + 1 + entry.records.length;
    note(entry, signatureProblem(verdicts.slice(at, to)));
    at = to;
  }
  return problems;
}
