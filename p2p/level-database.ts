import { existsSync, rmSync, writeFileSync } from 'node:fs';
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

/** Sealed blocks do not shrink; the large ones lie in files. */
const BLOCKS = { ...ENCODINGS, compression: false, writeBufferSize: 4 * 1024 ** 2, maxFileSize: 8 * 1024 ** 2 };

export const openDatabase = (path: string): Promise<Database> => open(path, new Level(path, ENCODINGS));
/** One that was found damaged when it was last used, or cannot be opened because it is, is repaired first. */
export async function openDurableDatabase(path: string): Promise<Database> {
  if (existsSync(damagedMark(path))) await repair(path);
  try {
    return await open(path, new DurableLevel(path, BLOCKS));
  } catch (error) {
    if (!isCorruption(error)) throw error;
    await repair(path);
    return open(path, new DurableLevel(path, BLOCKS));
  }
}

const damagedMark = (path: string): string => `${path}.damaged`;
/** What LevelDB cannot read would stop it from writing one day: the next opening takes over what is whole. */
export const markDamaged = (path: string): void => writeFileSync(damagedMark(path), '');
export const isCorruption = (error: unknown): boolean => hasCode(error, 'LEVEL_CORRUPTION');

/** LevelDB proper can; the type of `level` also stands for a browser's store, which cannot. */
const { repair: repairLevel } = Level as typeof Level & { readonly repair?: (path: string) => Promise<void> };
async function repair(path: string): Promise<void> {
  await repairLevel?.(path);
  rmSync(damagedMark(path), { force: true });
}

async function open(path: string, db: Database): Promise<Database> {
  try {
    await db.open();
    return db;
  } catch (error) {
    throw asDiskError(error, path);
  }
}

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
