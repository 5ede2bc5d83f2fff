import type { AuthorMark } from '#core/ports/village-node.ts';
import type { AuthorRange } from './author-index.ts';
import type { BookPulls, PullSource } from './book-pulls.ts';
import type { BookReturns, ReturnSource } from './book-returns.ts';
import type { CheckedDelivery } from './delivery.ts';
import { OF_MONTH } from './entry-limits.ts';
import { createEntrySender } from './entry-sender.ts';
import { FrameError, type FrameStream } from './frame-stream.ts';
import { GREETING_MARKS, headsOf, splitGreeting, splitHeads } from './greeting.ts';
import { countAhead, countBehind, isSame, type MarksByBook, noteIn } from './mark-counts.ts';
import { createMutex } from './mutex.ts';
import { orbitHashOf } from './orbit-hash.ts';
import { beyondOurs, createParentSearch } from './parent-search.ts';
import { createPastBooks } from './past-books.ts';
import { createRemoteMarks } from './remote-marks.ts';
import type { VillageBooks } from './village-books.ts';
import { createWants } from './wants.ts';
import { type Hello, MAX_MARKS, type Message, readMessage, writeMessage } from './wire-messages.ts';

/** Frames checked ahead of the one being joined; a peer that keeps to its window never gets there. */
const MAX_PIPELINED = 8;
/** Shortest time between two full lists of heads to one peer, and between two greetings of it, ms. */
const HEADS_EVERY_MS = 1000;
const GREETING_EVERY_MS = 1000;
/** A village has a few hundred devices; most of them write into few books. */
const MAX_REMOTE_MARKS = 100_000;
/** Authors of one book beyond these are looked through at every change that is told of it, which counts as greeting. */
const MANY_AUTHORS = 2000;
/** Pulls with nothing to send that are answered, beside one for each book: two links that cross make one now and then. */
const SPARE_PULLS = 300;
const PULL_EVERY_MS = 100;
/** Greetings beyond one every {@link GREETING_EVERY_MS} that are answered: each is compared with all books. */
const SPARE_GREETINGS = 30;

export interface SessionContext {
  /** libp2p peer id of the other side. */
  readonly peer: string;
  readonly village: string;
  readonly books: VillageBooks;
  /** Shared by all sessions of this console. */
  readonly pulls: BookPulls;
  /** The same. */
  readonly returns: BookReturns;
  /** Not over a relay. */
  readonly isDirect: boolean;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Whether the peer may hand over so many more records of this author. */
  readonly mayWrite: (author: string, records: number) => boolean;
  /** Whether the peer may send so many more entries that are unsound, over all its sessions. */
  readonly mayErr: (entries: number) => boolean;
  /** Whether this disk takes anything from others. */
  readonly hasRoom: () => boolean;
  /** The peer broke the protocol. */
  onViolation(reason: string): void;
  /** Anything that {@link SyncSession.state} shows has changed. */
  readonly onChange: () => void;
}

export interface SessionState {
  /** Both sides have greeted each other. */
  readonly greeted: boolean;
  readonly inStep: boolean;
  readonly toSend: number;
  readonly toFetch: number;
  /** Monotonic ms of the last frame. */
  readonly heardAt: number;
}

/** The exchange of all books with one peer over one stream. */
export interface SyncSession {
  /** Runs until the stream ends; never rejects. */
  run(): Promise<void>;
  /** Entries that were just joined here: own ones are sent, of others it is told that they are here. */
  offer(book: string, hashes: readonly string[], origin: 'local' | 'remote'): void;
  pulse(): void;
  /** Entries that were released are kept again: the peer may ask for them. */
  restored(): void;
  state(): SessionState;
  stop(): void;
}

export function createSyncSession(frames: FrameStream, context: SessionContext): SyncSession {
  const { books, village, now, pulls, returns } = context;
  const remote = createRemoteMarks();
  const told: MarksByBook = new Map();
  const given: MarksByBook = new Map();
  const greetings = { spare: SPARE_GREETINGS, at: now(), sentAt: Number.NEGATIVE_INFINITY };
  const listed = new Set<string>();
  const wants = createWants(now);
  const past = createPastBooks();
  let together: { readonly ours: string; readonly theirs: unknown; readonly digest: string } | undefined;
  let greeted = false;
  let remoteDigest: string | undefined;
  let heardAt = now();
  let headsSentAt = Number.NEGATIVE_INFINITY;
  let overflowed = false;
  let restored = false;
  let pipelined = 0;
  const joins = createMutex();
  let failed = false;
  /** What breaks the stream is told once, however many were waiting for it. */
  const fail = (error: unknown): void => {
    if (failed) return;
    failed = true;
    if (error instanceof Violation || error instanceof FrameError) context.onViolation(error.message);
    frames.abort(asError(error));
  };

  const post = (message: Message): void => {
    frames.send(writeMessage(message)).catch((error: unknown) => frames.abort(asError(error)));
  };
  const search = createParentSearch({
    books,
    pulls,
    wants,
    past,
    ask: (book, hashes) => post({ t: 'want', book, hashes: [...hashes] }),
  });
  const sender = createEntrySender({ frames, books, onProgress: context.onChange });

  const source: PullSource = {
    isDirect: context.isDirect,
    claims: (book) => remote.of(book),
    ask: (book, ranges) => post({ t: 'pull', book, ranges: [...ranges] }),
  };
  const giver: ReturnSource = { want: (book, hashes) => post({ t: 'want', book, hashes: [...hashes] }) };
  const asked = { spare: Number.POSITIVE_INFINITY, at: now() };
  const greet = (): void => {
    greetings.sentAt = now();
    asked.spare = Number.POSITIVE_INFINITY;
    for (const greeting of splitGreeting(village, books)) {
      for (const { book, marks } of greeting.books) noteIn(told, book, marks);
      post(greeting);
    }
  };
  /** Tells how far the book is here; what the peer has itself need not be told at once. */
  const tell = (book: string, isUrgent: boolean): void => {
    const before = told.get(book);
    const fresh = books
      .marksOf(book)
      .list()
      .filter((mark) => !isSame(mark, before?.get(mark.device)))
      .filter(({ device, time }) => !isUrgent || (remote.get(book, device)?.time ?? 0) < time)
      .slice(0, MAX_MARKS);
    if (fresh.length === 0) return;
    noteIn(told, book, fresh);
    post({ t: 'marks', book, marks: fresh });
  };
  /** Where months were put away, what neither side can have of the other sets nobody apart. */
  const digest = (): string => {
    const [ours, theirs] = [books.digest(), past.heads()];
    if (theirs.size === 0) return ours;
    if (together?.ours !== ours || together.theirs !== theirs)
      together = { ours, theirs, digest: books.digest(theirs) };
    return together.digest;
  };
  const pulse = (): void => {
    if ((overflowed || restored) && !books.isStagingFull() && now() - greetings.sentAt > GREETING_EVERY_MS) {
      overflowed = false;
      restored = false;
      greet();
      pulls.forgetAnswers(source);
      pulls.claimed(source, remote.books());
    }
    for (const book of books.names()) tell(book, false);
    pulls.review();
    for (const book of search.putOff()) joins.run(() => search.seekAll(book)).catch(fail);
    post({ t: 'pulse', digest: digest() });
  };
  const countLooks = (cost: number): void => {
    const earned = (now() - greetings.at) / GREETING_EVERY_MS;
    greetings.spare = Math.min(SPARE_GREETINGS, greetings.spare + earned) - cost;
    greetings.at = now();
    if (greetings.spare < 0) throw new Violation('it greets without end');
  };
  /** Long ones count more: reading them costs. */
  const countGreeting = ({ books: listings }: Hello): void =>
    countLooks(listings.reduce((n, { marks }) => n + marks.length / GREETING_MARKS, listed.size === 0 ? 1 : 0));
  const noteMarks = (book: string, marks: readonly AuthorMark[]): void => {
    if (remote.note(book, marks) > MAX_REMOTE_MARKS) throw new Violation('it names more authors than a village has');
  };
  const onHello = async (hello: Hello): Promise<void> => {
    if (hello.village !== village) throw new Violation('it belongs to another village');
    countGreeting(hello);
    if (listed.size === 0) {
      sender.queue.forgetKnown();
      wants.forgetGone();
      past.forget();
    }
    for (const { book, heads, marks } of hello.books) {
      listed.add(book);
      remote.forget(book);
      noteMarks(book, marks);
      sender.queue.markKnown(heads);
      await compare(book, heads);
    }
    if (hello.more) return;
    // What it does not name it does not have any more.
    for (const book of remote.books()) if (!listed.has(book)) remote.forget(book);
    listed.clear();
    given.clear();
    if (!greeted) returns.join(giver);
    greeted = true;
    pulls.forgetAnswers(source);
    pulls.claimed(source, remote.books());
    pulse();
    for (const book of remote.books()) await search.seek(book, [...books.absent(book)]);
  };
  const onMarks = (book: string, marks: readonly AuthorMark[]): void => {
    noteMarks(book, marks);
    countLooks(Math.max(0, remote.authors(book) - MANY_AUTHORS) / GREETING_MARKS);
    pulls.claimed(source, [book]);
    search.grown(book);
  };
  const onPull = async (book: string, ranges: readonly AuthorRange[]): Promise<void> => {
    const mine = books.marksOf(book);
    noteIn(
      given,
      book,
      ranges.map(({ device }) => mine.of(device)).filter((mark) => mark !== undefined),
    );
    if ((await sender.sendPulled(book, ranges)) > 0) return;
    asked.spare = Math.min(SPARE_PULLS + books.names().length, asked.spare + (now() - asked.at) / PULL_EVERY_MS) - 1;
    asked.at = now();
    if (asked.spare < 0) throw new Violation('it asks without end for what it was given');
  };
  const onPulled = (book: string): void => {
    joins
      .run(async () => {
        if (!pulls.ended(source, book)) throw new Violation('it ended what was not asked of it');
        await search.seekAll(book);
      })
      .catch(fail);
  };
  const onPulse = (theirs: string): void => {
    remoteDigest = theirs;
    if (theirs === digest() || now() - headsSentAt < HEADS_EVERY_MS) return;
    headsSentAt = now();
    const list = books.names().map((book) => ({ book, heads: headsOf(books, book) }));
    for (const part of splitHeads(list)) post({ t: 'heads', books: part });
  };
  /** Our own holes are what the peer may never get from us: what we joined counts as ours where it is a head there. */
  const compare = async (book: string, heads: readonly string[]): Promise<void> => {
    if (!OF_MONTH.test(book)) return;
    const others = beyondOurs(books, book, heads);
    const standings = others.length > 0 && books.hasHoles(book) ? await books.standing(book, others) : [];
    past.listed(
      book,
      others,
      others.filter((_, i) => standings[i] === 'joined'),
    );
  };
  /** Heads that are staged wait for parents, which this peer may have too. */
  const onHeads = async (
    list: readonly { readonly book: string; readonly heads: readonly string[] }[],
  ): Promise<void> => {
    for (const { book, heads } of list) await compare(book, heads);
    if (!wants.isQuiet()) return;
    for (const { book, heads } of list) await search.seekHeads(book, heads);
  };
  const onGone = async (book: string, hashes: readonly string[]): Promise<void> => {
    returns.gone(giver, book, hashes);
    const asked = wants.gone(hashes);
    past.gone(book, asked);
    await books.giveUp(book, asked);
  };
  /** Its hash says that an entry is the one that was released: nothing else needs to be checked again. */
  const restore = async ({ book, hashes }: CheckedDelivery, entries: readonly Uint8Array[]): Promise<void> => {
    if (!returns.isUnderWay(book)) return;
    await books.restore(
      book,
      hashes.flatMap((hash, i) => (entries[i] ? [{ hash, bytes: entries[i] }] : [])),
    );
    returns.arrived(giver, book, hashes);
  };
  const joinChecked = async (
    n: number,
    checking: Promise<CheckedDelivery>,
    entries: readonly Uint8Array[],
  ): Promise<void> => {
    const checked = await checking;
    const bytes = checked.arrivals.reduce((sum, { entry }) => sum + entry.bytes.length, 0);
    if (!context.hasRoom()) throw new Error('this disk has no room for what others send');
    for (const [author, records] of recordsByAuthor(checked))
      if (!context.mayWrite(author, records)) throw new Violation('it writes more records than one device may');
    wants.arrived(checked.hashes);
    const receipt = await books.join(checked);
    await restore(checked, entries);
    overflowed ||= receipt.overflowed > 0;
    post({ t: 'ack', n });
    pulls.joined(source, checked.book, bytes);
    if (!context.mayErr(checked.unsound.length)) throw new Violation('it sent too many unsound entries');
    await search.seek(checked.book, receipt.missing);
    context.onChange();
  };
  /** Signatures of the next frame are checked while the one before is joined; joining keeps the order of arrival. */
  const onEntries = async ({ n, book, identities, entries }: Extract<Message, { t: 'entries' }>): Promise<void> => {
    const hashes = entries.map(orbitHashOf);
    pulls.arrived(source);
    sender.queue.markKnown(hashes);
    const checking = books.check({ peer: context.peer, book, identities, entries, hashes });
    // It may fail while the frame before is still being joined; its own join tells.
    checking.catch(() => undefined);
    pipelined += 1;
    const joining = joins.run(() => joinChecked(n, checking, entries)).catch(fail);
    const finished = joining.finally(() => {
      pipelined -= 1;
    });
    if (pipelined >= MAX_PIPELINED) await finished;
  };
  const handle = async (message: Message): Promise<void> => {
    if (!greeted && listed.size === 0 && message.t !== 'hello' && message.t !== 'ack') {
      throw new Violation('it did not greet first');
    }
    switch (message.t) {
      case 'hello':
        return onHello(message);
      case 'marks':
        return onMarks(message.book, message.marks);
      case 'pull':
        return onPull(message.book, message.ranges);
      case 'pulled':
        return onPulled(message.book);
      case 'pulse':
        return onPulse(message.digest);
      case 'heads':
        return onHeads(message.books);
      case 'entries':
        return onEntries(message);
      case 'ack':
        if (!sender.acknowledge(message.n)) throw new Violation('it acknowledged what was never sent');
        return;
      case 'gone':
        return onGone(message.book, message.hashes);
      case 'want':
        return sender.sendWanted(message.book, message.hashes);
    }
  };

  const read = async (): Promise<void> => {
    for await (const frame of frames.frames()) {
      heardAt = now();
      const result = readMessage(frame);
      if (!result.ok) throw new Violation(result.reason);
      await handle(result.message);
      context.onChange();
    }
  };
  return {
    async run() {
      greet();
      const sending = sender.run();
      try {
        await read();
      } catch (error) {
        fail(error);
      } finally {
        sender.stop();
        await joins.idle();
        pulls.leave(source);
        returns.leave(giver);
        await sending;
      }
    },
    offer(book, hashes, origin) {
      if (!greeted) return;
      if (origin === 'remote') tell(book, true);
      else {
        sender.queue.add(book, hashes);
        noteIn(given, book, books.marksOf(book).list());
        sender.wake();
      }
    },
    pulse,
    restored() {
      restored = true;
    },
    state() {
      const inStep = greeted && remoteDigest === digest();
      // With the same heads, what the marks claim beyond ours is kept by nobody.
      const [ahead, behind] = inStep
        ? [0, 0]
        : [countAhead(books, remote, given), countBehind(books, remote, past.has)];
      const [toSend, toFetch] = [Math.max(sender.count(), ahead), Math.max(wants.count(), behind)];
      return { greeted, inStep, toSend, toFetch, heardAt };
    },
    stop: () => frames.abort(new Error('the session was stopped')),
  };
}

/** The peer broke a rule that no sound peer breaks. */
class Violation extends Error {}

function recordsByAuthor({ arrivals }: CheckedDelivery): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { entry } of arrivals) counts.set(entry.device, (counts.get(entry.device) ?? 0) + entry.records.length);
  return counts;
}
const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
