import { createHash } from 'node:crypto';
import { booksOf } from '#core/archive/month-places.ts';
import type { VillageMarks } from '#core/ports/village-node.ts';
import type { Village } from '#core/village/open-village.ts';
import { snapshotBlocksHere } from '#core/village/snapshot-offer.ts';
import { digestOf, toHex } from '#domain/bytes.ts';
import { carBlockSize } from './car-write.ts';
import { announcedIn, viewEntry } from './entry-view.ts';
import { type KnownThere, lackedOf } from './since.ts';

export const digestOfBytes = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest());

/** What a bundle will hold, decided before its first byte is written: its first block lists it. */
export interface BundleContent {
  /** What the village's node has in the covered books, at the moment of deciding. */
  readonly have: VillageMarks;
  readonly books: ReadonlyMap<string, number>;
  /** Digests in hex: entries that join while the file is written stay out. */
  readonly entries: ReadonlySet<string>;
  readonly identities: ReadonlySet<string>;
  readonly blocks: readonly { readonly cid: string; readonly digest: Uint8Array; readonly bytes: number }[];
  readonly wants: readonly Uint8Array[];
  readonly bytes: number;
}

export interface ContentWish {
  readonly there: KnownThere | null;
  /** All unless named. */
  readonly books: readonly string[] | undefined;
}

const MAX_BLOCKS = 100_000;
const MAX_WANTS = 20_000;

export async function gatherContent(village: Village, wish: ContentWish, signal: AbortSignal): Promise<BundleContent> {
  const { node } = village;
  const have = new Map([...node.marks()].filter(([book]) => wish.books?.includes(book) ?? true));
  const books = new Map<string, number>();
  const entries = new Set<string>();
  const identities = new Set<string>();
  const announced = new Map<string, number>();
  let bytes = 0;
  for await (const bundle of node.exportEntries(wish.there?.have, wish.books)) {
    signal.throwIfAborted();
    for (const identity of bundle.identities) {
      const id = toHex(digestOfBytes(identity));
      if (!identities.has(id)) bytes += carBlockSize(identity.length);
      identities.add(id);
    }
    for (const entry of bundle.entries) {
      entries.add(toHex(digestOfBytes(entry)));
      bytes += carBlockSize(entry.length);
      if (!bundle.book.startsWith('segments-')) continue;
      for (const a of announcedIn(viewEntry(entry))) announced.set(a.cid, a.bytes);
    }
    books.set(bundle.book, (books.get(bundle.book) ?? 0) + bundle.entries.length);
  }
  for (const a of askedFor(village, wish)) announced.set(a.cid, a.bytes);
  const blocks: BundleContent['blocks'][number][] = [];
  for (const { cid, bytes: size } of await startOf(village, wish)) {
    blocks.push({ cid, digest: digestOf(cid), bytes: size });
    bytes += carBlockSize(size);
  }
  for (const [cid, size] of announced) {
    if (blocks.length >= MAX_BLOCKS) break;
    if (!(await node.hasBlock(cid))) {
      village.segments.onLost(cid);
      continue;
    }
    blocks.push({ cid, digest: digestOf(cid), bytes: size });
    bytes += carBlockSize(size);
  }
  return { have, books, entries, identities, blocks, wants: wantedBy(village, wish), bytes };
}

/** The signed checkpoint, for a reader who lacks entries that are not kept here either. */
async function startOf(village: Village, { there, books }: ContentWish) {
  const { node, store } = village;
  const close = village.state().closes.get(village.checkpoint().settled);
  if (!close || books) return [];
  const away = [...store.archivedMonths().values()]
    .filter((m) => m.place === 'dropped')
    .flatMap((m) => booksOf(m.month));
  const isLacking = away.some((book) => {
    const [ours, theirs] = [node.marks().get(book), there?.have.get(book)];
    return lackedOf(new Map([[book, ours ?? []]]), new Map([[book, theirs ?? []]])) > 0;
  });
  return isLacking || (there === null && store.startedFrom())
    ? snapshotBlocksHere(node, store, close.cut.checkpoint)
    : [];
}

/** Blocks the other place told that it lacks, and of a whole bundle everything that was announced. */
function askedFor(village: Village, { there, books }: ContentWish): { cid: string; bytes: number }[] {
  const asked = new Set(there?.wants.map(toHex));
  return [...village.state().segments.values()].filter(({ cid, day }) => {
    if (books && !books.includes(`segments-${day.slice(0, 7)}`)) return false;
    return there === null || asked.has(toHex(digestOf(cid)));
  });
}

function wantedBy(village: Village, { books }: ContentWish): Uint8Array[] {
  return [...village.state().segments.values()]
    .filter((ref) => village.segments.wants(ref) && (books?.includes(`segments-${ref.day.slice(0, 7)}`) ?? true))
    .slice(0, MAX_WANTS)
    .map(({ cid }) => digestOf(cid));
}
