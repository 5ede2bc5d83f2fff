import { decode } from '#domain/bytes.ts';
import { announceBody } from '#domain/metering/frame.ts';
import { proposeBody } from '#domain/village/fold-settlement.ts';

/** What a block of a bundle is, told by its first bytes: canonical dag-cbor puts the same keys in the same places. */
export type BlockKind =
  | { readonly kind: 'entry'; readonly village: string; readonly book: string }
  | { readonly kind: 'identity' }
  | { readonly kind: 'other' };

/** Map of nine, "v": 2, "id": text of up to 255 bytes. */
const ENTRY_HEAD = 'a9617602626964';
/** Map of four, "id": text of 64 bytes. */
const IDENTITY_HEAD = 'a46269647840';
const LOG_ID = /^\/gridpact\/([0-9a-f]{64})\/([a-z0-9-]{1,32})$/;

export function kindOfBlock(bytes: Uint8Array): BlockKind {
  const head = Buffer.from(bytes.subarray(0, 7)).toString('hex');
  if (head.startsWith(IDENTITY_HEAD)) return { kind: 'identity' };
  if (head !== ENTRY_HEAD || bytes[7] !== 0x78) return { kind: 'other' };
  const length = bytes[8] ?? 0;
  const [, village, book] = LOG_ID.exec(Buffer.from(bytes.subarray(9, 9 + length)).toString('latin1')) ?? [];
  return village && book ? { kind: 'entry', village, book } : { kind: 'other' };
}

export interface ViewedRecord {
  readonly atMs: number;
  readonly kind: string;
  readonly body: unknown;
}
export interface ViewedEntry {
  /** 64 hex. */
  readonly device: string;
  /** Log time. */
  readonly time: number;
  readonly records: readonly ViewedRecord[];
}

/** What an entry says that the node found sound; undefined when it is not of that form. */
export function viewEntry(bytes: Uint8Array): ViewedEntry | undefined {
  try {
    const { clock, payload } = decode(bytes) as {
      clock: { id: string; time: number };
      payload: { records: { b: Uint8Array }[] };
    };
    const records = payload.records.map(({ b }) => {
      const { at, kind, body } = decode(b) as { at: { ms: number }; kind: string; body: unknown };
      return { atMs: at.ms, kind, body };
    });
    return { device: clock.id, time: clock.time, records };
  } catch {
    return undefined;
  }
}

/** Digests in hex of the snapshots that an entry's closes name. */
export const snapshotsIn = (entry: ViewedEntry | undefined): string[] =>
  (entry?.records ?? []).flatMap(({ kind, body }) => {
    const read = kind === 'close.propose' ? proposeBody.safeParse(body) : undefined;
    return read?.success ? [read.data.cut.checkpoint.slice(2)] : [];
  });

export interface Announced {
  readonly cid: string;
  readonly bytes: number;
}

/** The blocks that an entry's records announce. */
export function announcedIn(entry: ViewedEntry | undefined): Announced[] {
  return (entry?.records ?? []).flatMap(({ kind, body }) => {
    const read = kind === 'segment.announce' ? announceBody.safeParse(body) : undefined;
    return read?.success ? [{ cid: read.data.cid, bytes: read.data.bytes }] : [];
  });
}
