import { DatabaseSync } from 'node:sqlite';
import * as z from 'zod';

/** A signed transaction as it was written down before it was sent. */
export interface QueuedTransaction {
  readonly nonce: number;
  /** Signed bytes as 0x hex. */
  readonly raw: string;
  readonly hash: string;
  /** What it is for: a batch digest, or the name of another act. */
  readonly digest: string;
  readonly status: 'signed' | 'sent' | 'mined';
}

/**
 * Every transaction the submitter ever signed on one chain, durable before it is sent. Enough to make the chain again from
 * nothing: the raw bytes in order of nonce.
 */
export interface TransactionQueue {
  add(transaction: Omit<QueuedTransaction, 'status'>): void;
  mark(hash: string, status: 'sent' | 'mined'): void;
  /** All versions signed at a nonce, the newest first. */
  at(nonce: number): QueuedTransaction[];
  /** Nonces of which no version is known to be mined, ascending. */
  unmined(): number[];
  /** One more than the highest nonce signed; 0 when none is. */
  nextNonce(): number;
  close(): void;
}

const rowSchema = z.object({
  nonce: z.number(),
  raw: z.string(),
  hash: z.string(),
  digest: z.string(),
  status: z.enum(['signed', 'sent', 'mined']),
});
const nonceSchema = z.object({ nonce: z.number() });

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS transactions (
    id INTEGER PRIMARY KEY,
    genesis TEXT NOT NULL,
    nonce INTEGER NOT NULL,
    raw TEXT NOT NULL,
    hash TEXT NOT NULL,
    digest TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('signed', 'sent', 'mined')),
    UNIQUE (genesis, hash)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS transactions_by_nonce ON transactions (genesis, nonce);
`;

/** @param genesis hash of the chain's first block: one file may serve several chains */
export function openTransactionQueue(path: string, genesis: string): TransactionQueue {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  db.exec(SCHEMA);
  const insert = db.prepare(
    "INSERT INTO transactions (genesis, nonce, raw, hash, digest, status) VALUES (?, ?, ?, ?, ?, 'signed')",
  );
  const update = db.prepare('UPDATE transactions SET status = ? WHERE genesis = ? AND hash = ?');
  const select = db.prepare(
    'SELECT nonce, raw, hash, digest, status FROM transactions WHERE genesis = ? AND nonce = ? ORDER BY id DESC',
  );
  const open = db.prepare(
    "SELECT nonce FROM transactions WHERE genesis = ? GROUP BY nonce HAVING sum(status = 'mined') = 0 ORDER BY nonce",
  );
  const next = db.prepare('SELECT coalesce(max(nonce) + 1, 0) AS nonce FROM transactions WHERE genesis = ?');
  return {
    add: (t) => void insert.run(genesis, t.nonce, t.raw, t.hash, t.digest),
    mark: (hash, status) => void update.run(status, genesis, hash),
    at: (nonce) => select.all(genesis, nonce).map((row) => rowSchema.parse(row)),
    unmined: () => open.all(genesis).map((row) => nonceSchema.parse(row).nonce),
    nextNonce: () => nonceSchema.parse(next.get(genesis)).nonce,
    close: () => db.close(),
  };
}
