import { Level } from 'level';
import { AppError } from '#core/ports/errors.ts';

export type Database = Level<string, Uint8Array>;

/** A LevelDB whose single puts are on disk (fsync) when they resolve. */
class DurableLevel extends Level<string, Uint8Array> {
  override put(key: string, value: Uint8Array): Promise<void> {
    return super.put(key, value, { sync: true });
  }
}

const causesOf = (error: unknown): Error[] => (error instanceof Error ? [error, ...causesOf(error.cause)] : []);
const hasCode = (error: unknown, code: string): boolean =>
  causesOf(error).some((e) => 'code' in e && (e as { code: unknown }).code === code);

const ENCODINGS = { keyEncoding: 'utf8', valueEncoding: 'view' } as const;

/** Sealed blocks do not shrink, and are large: with small tables LevelDB would rewrite each several times, in bytes. */
const BLOCKS = { ...ENCODINGS, compression: false, writeBufferSize: 16 * 1024 ** 2, maxFileSize: 32 * 1024 ** 2 };

export const openDatabase = (path: string): Promise<Database> => open(path, new Level(path, ENCODINGS));
export const openDurableDatabase = (path: string): Promise<Database> => open(path, new DurableLevel(path, BLOCKS));

async function open(path: string, db: Database): Promise<Database> {
  try {
    await db.open();
    return db;
  } catch (error) {
    throw asDiskError(error, path);
  }
}

/** LevelDB proper can; the type of `level` also stands for a browser's store, which cannot. */
type Compactable = Database & { readonly compactRange?: (start: string, end: string) => Promise<void> };

/** Gives the disk space of what was deleted in the range back, where the database can. */
export async function compactRange(db: Database, from: string, to: string): Promise<void> {
  const { compactRange: compact } = db as Compactable;
  await compact?.call(db, from, to);
}

/** Turns what LevelDB throws into the errors of the port; anything else passes through. */
export function asDiskError(error: unknown, path: string): unknown {
  if (error instanceof AppError) return error;
  if (hasCode(error, 'LEVEL_LOCKED')) {
    return new AppError('NODE_LOCKED', `${path} is in use by another process; close the other Gridpact first`, {
      data: { path },
      cause: error,
    });
  }
  if (causesOf(error).some((e) => /no space left|ENOSPC|quota exceeded/i.test(e.message))) {
    return new AppError('DISK_FULL', `no space left while writing ${path}; free some and try again`, {
      retryable: true,
      data: { path },
      cause: error,
    });
  }
  return error;
}
