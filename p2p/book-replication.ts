import { randomInt } from 'node:crypto';
import type { Connection, Libp2p, PeerId, Stream } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import type { RecordAllowance } from '#core/ports/village-node.ts';
import { createAuthorAllowance } from './author-allowance.ts';
import { backoffMs } from './backoff.ts';
import { bestConnection, isDirect } from './best-connection.ts';
import { createBookPulls } from './book-pulls.ts';
import { type BookReturns, createBookReturns } from './book-returns.ts';
import { createFrameStream } from './frame-stream.ts';
import { deviceOfPeer } from './peer-device.ts';
import type { PeerPenalties } from './peer-penalties.ts';
import { createRecentMap } from './recent-map.ts';
import { widenWindow } from './stream-window.ts';
import { createSyncSession, type SessionState, type SyncSession } from './sync-session.ts';
import type { VillageBooks } from './village-books.ts';

export const SYNC_PROTOCOL = '/gridpact/sync/1.0.0';
const PULSE_EVERY_MS = 2000;
/** A change is told to peers after this, so that a burst of changes makes one message, ms. */
const PULSE_AFTER_CHANGE_MS = 100;
/** The same while entries are coming in: there will be more changes, ms. */
const PULSE_WHILE_BUSY_MS = 500;
/** How often it is looked for a peer that does not send what it was asked for, ms. */
const REVIEW_EVERY_MS = 500;
/** A peer that said nothing for this long is hung up, ms. */
const SILENT_AFTER_MS = 20_000;
const OPEN_TIMEOUT_MS = 10_000;
/** What a sender has on its way before it waits for a frame to be joined. */
const WINDOW_BYTES = 1024 * 1024;
/** Unsound entries that a peer may send, and again so many in a day, until it is cut off. */
const MAX_UNSOUND = 1000;
const REOPEN_FIRST_MS = 250;
const REOPEN_LAST_MS = 10_000;

export interface ReplicationContext {
  readonly libp2p: Libp2p;
  readonly village: string;
  readonly books: VillageBooks;
  readonly hasRoom: () => boolean;
  readonly allowance: RecordAllowance | undefined;
  readonly isStranger: (peer: string) => boolean;
  readonly penalties: Pick<PeerPenalties, 'leftMs'>;
  onViolation(peer: string, reason: string): void;
  readonly onChange: () => void;
}

/** Keeps one sync session with every connected peer. */
export interface BookReplication {
  /** Tells all peers of entries that were just joined; own ones are sent to them. */
  offer(book: string, hashes: readonly string[], origin: 'local' | 'remote'): void;
  /** Entries that were released are kept again: peers are told anew what is here. */
  restored(): void;
  /** Brings what was released back from peers. */
  readonly bringBack: BookReturns['start'];
  state(peer: string): SessionState | undefined;
  /** Monotonic ms of the last frame of a peer, of this session or an earlier one. */
  heardAt(peer: string): number | undefined;
  stop(): Promise<void>;
}

const now = (): number => performance.now();

export async function startBookReplication(context: ReplicationContext): Promise<BookReplication> {
  const { libp2p, books, village, hasRoom, penalties } = context;
  const allowance = createAuthorAllowance(now, context.allowance);
  const errors = createAuthorAllowance(now, { ownRecords: MAX_UNSOUND, ownRecordsPerDay: MAX_UNSOUND });
  const sessions = new Map<string, SyncSession>();
  const running = new Set<Promise<void>>();
  const failures = createRecentMap<number>();
  const pulls = createBookPulls(books, now);
  const returns = createBookReturns(now);
  const lastHeard = createRecentMap<number>();
  const opening = new Map<string, NodeJS.Timeout>();
  let stopped = false;
  let changeTimer: NodeJS.Timeout | undefined;
  let pulseTimer: NodeJS.Timeout | undefined;

  const connectionOf = (peer: string): Connection | undefined => bestConnection(libp2p, peer);
  const track = (task: Promise<void>): void => {
    const tracked = task.catch(() => undefined).finally(() => running.delete(tracked));
    running.add(tracked);
  };

  const runSession = async (peer: string, stream: Stream, isDirect: boolean): Promise<void> => {
    sessions.get(peer)?.stop();
    const device = deviceOfPeer(peer);
    widenWindow(stream, WINDOW_BYTES);
    const session = createSyncSession(createFrameStream(stream), {
      peer,
      village,
      books,
      pulls,
      returns,
      isDirect,
      now,
      hasRoom,
      // Whoever is not granted vouches for nobody.
      mayWrite: (author, records) =>
        (author !== device && !context.isStranger(peer)) || allowance.take(author, records),
      mayErr: (entries) => entries === 0 || errors.take(peer, entries),
      onViolation: (reason) => context.onViolation(peer, reason),
      onChange: context.onChange,
    });
    sessions.set(peer, session);
    await session.run();
    const { greeted, heardAt } = session.state();
    if (greeted) failures.delete(peer);
    lastHeard.set(peer, heardAt);
    if (sessions.get(peer) !== session) return;
    sessions.delete(peer);
    context.onChange();
    scheduleOpening(peer, backoffMs(failures.get(peer) ?? 0, REOPEN_FIRST_MS, REOPEN_LAST_MS));
  };

  /** Of two connected peers the one with the lower id opens the stream. */
  const isOurTurn = (peer: string): boolean => libp2p.peerId.toString() < peer;
  const scheduleOpening = (peer: string, waitMs: number): void => {
    if (stopped || !isOurTurn(peer) || opening.has(peer) || !connectionOf(peer)) return;
    opening.set(
      peer,
      setTimeout(() => {
        opening.delete(peer);
        track(openSession(peer));
      }, penalties.leftMs(peer) + waitMs),
    );
  };
  const openSession = async (peer: string): Promise<void> => {
    const connection = connectionOf(peer);
    if (stopped || !connection || sessions.has(peer)) return;
    try {
      const stream = await connection.newStream(SYNC_PROTOCOL, {
        signal: AbortSignal.timeout(OPEN_TIMEOUT_MS),
        runOnLimitedConnection: true,
      });
      track(runSession(peer, stream, isDirect(connection)));
    } catch {
      // The other side may not be ready yet, or the connection is on its way out.
      const count = failures.get(peer) ?? 0;
      failures.set(peer, count + 1);
      scheduleOpening(peer, backoffMs(count, REOPEN_FIRST_MS, REOPEN_LAST_MS));
    }
  };

  const onConnect = (event: CustomEvent<PeerId>): void => {
    failures.delete(event.detail.toString());
    scheduleOpening(event.detail.toString(), 0);
  };
  const onStream = (stream: Stream, connection: Connection): void => {
    const peer = connection.remotePeer.toString();
    if (stopped || penalties.leftMs(peer) > 0) stream.abort(new Error('not now'));
    else track(runSession(peer, stream, isDirect(connection)));
  };
  const pulseAll = (): void => {
    for (const [peer, session] of sessions) {
      if (now() - session.state().heardAt > SILENT_AFTER_MS) track(libp2p.hangUp(peerIdFromString(peer)));
      else if (session.state().greeted) session.pulse();
    }
  };
  const schedulePulse = (): void => {
    const waitMs = PULSE_EVERY_MS * 0.75 + randomInt(PULSE_EVERY_MS / 2);
    pulseTimer = setTimeout(() => {
      pulseAll();
      schedulePulse();
    }, waitMs);
  };

  libp2p.addEventListener('peer:connect', onConnect);
  await libp2p.handle(SYNC_PROTOCOL, onStream, {
    maxInboundStreams: 4,
    maxOutboundStreams: 4,
    runOnLimitedConnection: true,
  });
  for (const peer of libp2p.getPeers()) scheduleOpening(peer.toString(), 0);
  schedulePulse();
  const reviewTimer = setInterval(() => {
    pulls.review();
    returns.review();
  }, REVIEW_EVERY_MS);

  return {
    offer(book, hashes, origin) {
      for (const session of sessions.values()) session.offer(book, hashes, origin);
      const waitMs = pulls.isBusy() ? PULSE_WHILE_BUSY_MS : PULSE_AFTER_CHANGE_MS;
      changeTimer ??= setTimeout(() => {
        changeTimer = undefined;
        pulseAll();
      }, waitMs);
    },
    restored() {
      for (const session of sessions.values()) session.restored();
    },
    bringBack: returns.start,
    state: (peer) => sessions.get(peer)?.state(),
    heardAt: (peer) => sessions.get(peer)?.state().heardAt ?? lastHeard.get(peer),
    async stop() {
      stopped = true;
      clearTimeout(changeTimer);
      clearTimeout(pulseTimer);
      clearInterval(reviewTimer);
      for (const timer of opening.values()) clearTimeout(timer);
      libp2p.removeEventListener('peer:connect', onConnect);
      await libp2p.unhandle(SYNC_PROTOCOL);
      for (const session of sessions.values()) session.stop();
      while (running.size > 0) await Promise.all(running);
    },
  };
}
