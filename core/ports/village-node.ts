import type { SignedRecord } from '#domain/books/record.ts';
import type { Clock } from './clock.ts';

/** An Ed25519 device key. `seed` never leaves the core process. */
export interface DeviceKey {
  /** 64 hex. */
  readonly id: string;
  /** 32 bytes. */
  readonly seed: Uint8Array;
}

/** One entry of a book as it comes from a peer: all its records are by the same device. */
export interface IncomingEntry {
  readonly book: string;
  /** 64 hex. */
  readonly device: string;
  readonly records: readonly SignedRecord[];
}

/**
 * Whether an entry may enter the log. Must be a monotone function of the members book: once 'accept', always 'accept'.
 * 'wait': its device is not known yet; it is staged and asked again after {@link VillageNode.reconsider}.
 */
export type Admit = (entry: IncomingEntry) => 'accept' | 'wait' | { readonly refuse: string };

/** Records of its own that a peer may hand over at once, and in a day beyond that. */
export interface RecordAllowance {
  readonly ownRecords: number;
  readonly ownRecordsPerDay: number;
}

export interface VillageNodeOptions {
  readonly dir: string;
  /** 64 hex. */
  readonly village: string;
  readonly device: DeviceKey;
  /**
   * Pre-shared keys of the village network, 32 bytes each, the newest first; asked at every connection. Whoever has one
   * of them may connect; the newest is used to dial.
   */
  readonly networkKeys: () => readonly Uint8Array[];
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  /** Find peers of the village on the local network. */
  readonly mdns: boolean;
  /** Carry connections between others that cannot reach each other; for a node with an address all can reach. */
  readonly relay?: boolean;
  /**
   * Device ids that are granted and not revoked: they are looked for, and served before strangers, who have the network
   * key alone. Left out, no difference is made. Asked again after {@link VillageNode.recheckPeers}.
   */
  readonly members?: () => readonly string[];
  /** Devices that get no connection, in or out. */
  readonly isRevoked?: (device: string) => boolean;
  readonly admit: Admit;
  /** Whether the disk has room for what others send; always, unless told. Own records are written regardless. */
  readonly hasRoom?: () => boolean;
  /** Bounds what one granted device can pour into the books; enough for years of honest work unless told. */
  readonly allowance?: RecordAllowance;
  /** Whose time {@link PeerState.heardAt} is told in. */
  readonly clock: Clock;
}

export interface PeerState {
  /** libp2p peer id. */
  readonly peer: string;
  /** Device id where known. */
  readonly device: string | undefined;
  readonly connected: boolean;
  /** Connected over a third node only. */
  readonly relayed: boolean;
  /** It answered where it was dialled, and refused every key of the village network that we have. */
  readonly keyRefused: boolean;
  readonly addresses: readonly string[];
  /** UTC ms of the last exchange, of any kind. */
  readonly heardAt: number | undefined;
  /** Books whose heads are the same on both sides. */
  readonly inStep: boolean;
  /** Entries we know it lacks / it told us we lack, over all books. */
  readonly toSend: number;
  readonly toFetch: number;
}

/** A block that somebody announced. */
export interface WantedBlock {
  readonly cid: string;
  /** As announced; more is refused. */
  readonly bytes: number;
}

/** What is known of one author of a book: the newest log time and how many entries. */
export interface AuthorMark {
  /** 64 hex. */
  readonly device: string;
  readonly time: number;
  readonly count: number;
}
/** By book: everything that a node has, for asking what it lacks. */
export type VillageMarks = ReadonlyMap<string, readonly AuthorMark[]>;

/** Log entries of one book with the identities of their authors, as they travel: OrbitDB's own bytes. */
export interface EntryBundle {
  readonly book: string;
  readonly identities: readonly Uint8Array[];
  readonly entries: readonly Uint8Array[];
}

export interface RefusedEntries {
  readonly reason: string;
  readonly count: number;
}

export interface CheckedEntries {
  /** Verified now: hash, signatures, village, book, and that each author is who its identity says. */
  readonly sound: number;
  /** In the book already, so verified before. */
  readonly known: number;
  readonly refused: readonly RefusedEntries[];
}

export interface ImportedEntries {
  readonly joined: number;
  readonly known: number;
  /** Entries that were released here and whose bytes are kept again. */
  readonly restored: number;
  /** Sound, kept in memory until their device is let in or their parents come. */
  readonly waiting: number;
  readonly refused: readonly RefusedEntries[];
}

export interface Released {
  readonly entries: number;
  readonly bytes: number;
}

export interface FetchOptions {
  readonly signal: AbortSignal;
  /**
   * Called with each block once its bytes match the CID and lie on disk, in any order. Fetching holds back while the
   * promises of several blocks are pending, so a slow reader bounds memory.
   */
  readonly deliver: (cid: string, bytes: Uint8Array) => Promise<void>;
}

/** What one peer does for the fetches of blocks that run now. */
export interface PeerFetch {
  /** libp2p peer id. */
  readonly peer: string;
  /** Asked of it and not answered yet. */
  readonly askedBlocks: number;
  readonly askedBytes: number;
  /** Proved blocks that it sent. */
  readonly receivedBlocks: number;
  readonly receivedBytes: number;
  /** Over the last seconds. */
  readonly bytesPerSecond: number;
}

export type NodeEvent =
  /** Every record of this event was verified by the node: form, signature, village, book and device. */
  | {
      readonly type: 'records';
      readonly book: string;
      readonly origin: 'local' | 'remote';
      readonly records: readonly SignedRecord[];
    }
  | { readonly type: 'peers' }
  /** A block on this disk was not what it was any more, and is gone: it can be fetched or stored again. */
  | { readonly type: 'damaged'; readonly cid: string }
  | { readonly type: 'refused'; readonly peer: string; readonly book: string; readonly reason: string };

/**
 * The replicated books and blocks of one village: OrbitDB's log, Helia's blocks, libp2p's wires.
 * Errors: AppError with codes NODE_LOCKED, DISK_FULL, BLOCK_NOT_FOUND, BAD_ADDRESS, DIAL_FAILED.
 */
export interface VillageNode {
  readonly peerId: string;
  /** Addresses others can dial, with /p2p/ suffix. */
  addresses(): string[];
  /** Durable (fsync) when resolved. Up to 64 records become one log entry. */
  append(book: string, records: readonly SignedRecord[]): Promise<void>;
  /**
   * All records of a book in the order they were joined here, in chunks, without those of the first `after` entries; released ones are left out. The node verified
   * each before it stored it, and finds bytes that changed on disk since: they need no second verification.
   */
  scan(book: string, after?: number): AsyncIterable<readonly SignedRecord[]>;
  /** Entries of a book that were joined here, released or not: all that come later are after so many. */
  size(book: string): number;
  /** Books that have at least one entry here, `members` first. */
  books(): string[];
  /** What is here, released or not: give it to another node's {@link exportEntries}. */
  marks(): VillageMarks;
  /**
   * Entries that the owner of `since` lacks (all of them without it), of the named books or all. In chunks of about
   * 256 KiB, `members` first, within a book parents before children. Released entries are left out.
   */
  exportEntries(since?: VillageMarks, books?: readonly string[]): AsyncIterable<EntryBundle>;
  /** Verifies entries from outside without storing anything. */
  checkEntries(bundle: EntryBundle): Promise<CheckedEntries>;
  /**
   * Takes entries in as if a peer had sent them: the same verification and admission. Durable when resolved. Bytes of
   * released entries are brought back. `records` events tell what joined.
   */
  importEntries(bundle: EntryBundle): Promise<ImportedEntries>;
  /**
   * Of books of months, what waits for parents joins without them: whoever gave it does not keep them any more. They may
   * still come later.
   */
  joinWithoutParents(): Promise<void>;
  /**
   * Drops the bytes of the first `entries` of a book, as they were joined here (all of them without it), from this disk.
   * What they were stays known: nothing is asked for again, marks and heads stay, later entries still join, and peers
   * that ask for them are told that they are not kept here.
   */
  releaseBook(book: string, entries?: number): Promise<Released>;
  /**
   * Asks connected peers for the bytes of released entries of a book and keeps them again; a month that was put away
   * comes back so. Resolves with how many no connected peer keeps, or were left when the signal aborted.
   */
  bringBack(
    book: string,
    options: { readonly signal: AbortSignal; readonly onReturned: (entries: number) => void },
  ): Promise<number>;
  /** Drops blocks from this disk; answers what was there. Identities of authors are never dropped. */
  releaseBlocks(cids: readonly string[]): Promise<{ readonly blocks: number; readonly bytes: number }>;
  /** Asks {@link Admit} again for everything staged. */
  reconsider(): Promise<void>;
  subscribe(listener: (event: NodeEvent) => void): () => void;
  /** Stores a dag-cbor block under its CID (base32 text); durable when resolved. */
  putBlock(cid: string, bytes: Uint8Array): Promise<void>;
  /** Whether it is here and whole; one that is not whole is dropped and told as 'damaged'. */
  hasBlock(cid: string): Promise<boolean>;
  /** Which of these lie on this disk; none is read, so one that is not whole may be among them. */
  heldBlocks(cids: readonly string[]): Promise<ReadonlySet<string>>;
  /** From disk, or from peers (bitswap) until the signal aborts. The bytes are checked against the CID. */
  getBlock(cid: string, options: { readonly signal: AbortSignal; readonly localOnly?: boolean }): Promise<Uint8Array>;
  /**
   * Fetches many blocks from all connected peers at once, windowed; goes on over peers that come and go.
   * Blocks on this disk are delivered without asking anybody. Resolves with the CIDs that no connected peer has now, that
   * are not of the announced size, or that were left when the signal aborted. Rejects when the disk or `deliver` fails.
   */
  fetchBlocks(wanted: readonly WantedBlock[], options: FetchOptions): Promise<readonly string[]>;
  /** Who takes part in {@link fetchBlocks}; empty while nothing is fetched. Changes are told as 'peers'. */
  fetching(): PeerFetch[];
  /** Remembers the address and keeps redialling it. */
  dial(address: string): Promise<void>;
  peers(): PeerState[];
  /** Hangs up, and forgets where the peer was reached. It is known again once it comes back. */
  forget(peer: string): Promise<void>;
  /** Grants, revocations or network keys changed: closes what is not allowed any more. */
  recheckPeers(): void;
  /** Cuts or restores every wire; the books stay usable while cut. */
  setOnline(online: boolean): Promise<void>;
  readonly online: boolean;
  stop(): Promise<void>;
}
export type StartVillageNode = (options: VillageNodeOptions) => Promise<VillageNode>;
