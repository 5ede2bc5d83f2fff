import { AppError } from '#core/ports/errors.ts';
import type { Village } from '#core/village/open-village.ts';
import { snapshotCid } from '#core/village/snapshot-offer.ts';
import { cidOfDigest } from '#domain/bytes.ts';
import type { Month } from '#domain/time.ts';
import { type Checkpoint, closeRecordsOf, closesAhead, foundingIn } from '#domain/village/epochs.ts';
import { joinSnapshot, MAX_PART_BYTES, readSnapshotRoot } from '#domain/village/snapshot-blocks.ts';
import { ZERO_HASH } from '#domain/village/state.ts';
import { verifySnapshot } from '#domain/village/verify-snapshot.ts';
import { absentMonths, hasReturning, noteAbsent, returnAbsent } from './absent-months.ts';

/** A block that nobody sends in this time is not waited for; the next occasion tries again. */
const BLOCK_TIMEOUT_MS = 20_000;
/** Where nothing came since, it is looked again only after this. */
const LOOK_EVERY_MS = 10_000;
const LOOK_AGAIN_MS = 1_000;

type ReadBlock = (cid: string) => Promise<Uint8Array | undefined>;

/**
 * Where closes are settled whose older records nobody has any more, begins at the newest checkpoint that the
 * coordinators signed, and shows the months before it as not here. Answers the month it started from.
 */
export async function startFromSigned(village: Village, from: 'disk' | 'peers'): Promise<Month | undefined> {
  const read = from === 'disk' ? readHere(village) : readFromPeers(village);
  for (const hash of hashesAhead(village)) {
    const bytes = await readSnapshotBytes(read, hash);
    if (!bytes) continue;
    const verified = verifySnapshot(village.id, bytes, [...village.index.outside.values()]);
    if (!verified.ok) village.log(`the checkpoint ${hash} is not started from: ${verified.reason}`);
    else if (!goesOn(village.checkpoint(), verified.checkpoint))
      village.log(
        `the checkpoint ${hash} is not started from: it leads on from other months than this console settled`,
      );
    else return await begin(village, verified.checkpoint);
  }
  return undefined;
}

async function begin(village: Village, checkpoint: Checkpoint): Promise<Month | undefined> {
  await village.startFrom(checkpoint);
  const month = checkpoint.epochs.at(-1)?.month;
  noteAbsent(village, absentMonths(village));
  if (month !== undefined) village.store.putStartedFrom({ month, atMs: village.now() });
  await village.onArchive([]);
  village.log(`started from the signed checkpoint of ${month}`);
  return month;
}

/** Hashes of checkpoints beyond the one this console is at, which settled closes name, the newest first. */
function hashesAhead(village: Village): string[] {
  village.state();
  const from = village.checkpoint();
  const records = [...village.index.outside.values()];
  const founding = from.state.founding ?? foundingIn(records);
  const ahead = closesAhead(from, closeRecordsOf(records, founding)).filter((p) => p.prev !== from.settled);
  return [...new Set(ahead.map((p) => p.cut.checkpoint))].filter((hash) => hash !== ZERO_HASH);
}

/** What this console settled itself stays as it was: the checkpoint has to hold the same epochs and more. */
const goesOn = (from: Checkpoint, to: Checkpoint): boolean =>
  to.epochs.length > from.epochs.length && from.epochs.every(({ hash }, i) => to.epochs[i]?.hash === hash);

async function readSnapshotBytes(read: ReadBlock, hash: string): Promise<Uint8Array | undefined> {
  const block = await read(snapshotCid(hash));
  const root = block && readSnapshotRoot(block);
  if (!root) return undefined;
  const parts: Uint8Array[] = [];
  for (const digest of root.parts) {
    const part = await read(cidOfDigest(digest));
    if (!part || part.length > MAX_PART_BYTES) return undefined;
    parts.push(part);
  }
  return joinSnapshot(root, parts);
}

const readHere =
  ({ node }: Village): ReadBlock =>
  async (cid) => {
    if (!(await node.hasBlock(cid))) return undefined;
    return node.getBlock(cid, { signal: new AbortController().signal, localOnly: true });
  };

const readFromPeers =
  ({ node }: Village): ReadBlock =>
  async (cid) => {
    try {
      return await node.getBlock(cid, { signal: AbortSignal.timeout(BLOCK_TIMEOUT_MS) });
    } catch (e) {
      if (e instanceof AppError && e.code === 'BLOCK_NOT_FOUND') return undefined;
      throw e;
    }
  };

/** Looks for a signed checkpoint once everything that peers have is here and closes cannot be followed with it. */
export function startWhenStuck(village: Village): void {
  let running = false;
  let seen = '';
  let lookedMs = Number.NEGATIVE_INFINITY;
  const look = async (): Promise<void> => {
    const { node, index } = village;
    if (running || village.copied() || !node.peers().some((p) => p.inStep)) return;
    const now = `${index.outside.size} ${node.books().reduce((n, book) => n + node.size(book), 0)}`;
    if (performance.now() - lookedMs < (now === seen ? LOOK_EVERY_MS : LOOK_AGAIN_MS)) return;
    seen = now;
    lookedMs = performance.now();
    running = true;
    try {
      if (hasReturning(village)) await returnAbsent(village);
      await startFromSigned(village, 'peers');
    } catch (e) {
      village.log(`signed checkpoint: ${e instanceof Error ? e.message : String(e)}`);
    } finally {
      running = false;
    }
  };
  village.node.subscribe((event) => {
    if (event.type === 'peers') void look();
  });
}
