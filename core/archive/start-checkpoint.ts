import { step } from '#core/ports/steps.ts';
import type { Village } from '#core/village/open-village.ts';
import { dropSnapshot } from '#core/village/snapshot-offer.ts';
import { takeItems } from '#core/village/take-snapshot.ts';
import type { Month } from '#domain/time.ts';
import { type Checkpoint, closeRecordsOf, closesAhead, foundingIn } from '#domain/village/epochs.ts';
import { ZERO_HASH } from '#domain/village/state.ts';
import { verifySnapshot } from '#domain/village/verify-snapshot.ts';
import { absentMonths, hasReturning, noteAbsent, returnAbsent } from './absent-months.ts';
import { type BroughtSnapshot, bringSnapshot } from './fetch-snapshot.ts';

/** Where nothing came since, it is looked again only after this. */
const LOOK_EVERY_MS = 10_000;
const LOOK_AGAIN_MS = 1_000;

/**
 * Where closes are settled whose older records nobody has any more, begins at the newest checkpoint that the
 * coordinators signed, and shows the months before it as not here. Answers the month it started from.
 */
export async function startFromSigned(village: Village, from: 'disk' | 'peers'): Promise<Month | undefined> {
  for (const hash of hashesAhead(village)) {
    if (triedWith(village).get(hash) === village.index.outside.size) continue;
    const brought = await bringSnapshot(village, hash, from);
    if (brought.is === 'lacking') continue;
    if (brought.is === 'wrong') await refuse(village, hash, brought.reason);
    else if (!goesOn(village.checkpoint(), brought.bare))
      await refuse(village, hash, 'it leads on from other months than this console settled');
    else if (
      await village.startFrom(
        () => take(village, brought),
        () => finishStart(village),
      )
    )
      return brought.bare.epochs.at(-1)?.month;
  }
  return undefined;
}

/** Checkpoints that could not be gone on from, with how many records lay outside then: only others can change that. */
const tried = new WeakMap<Village, Map<string, number>>();
function triedWith(village: Village): Map<string, number> {
  const known = tried.get(village) ?? new Map<string, number>();
  tried.set(village, known);
  return known;
}

async function refuse(village: Village, hash: string, reason: string): Promise<undefined> {
  village.log(`the checkpoint ${hash} is not started from: ${reason}`);
  triedWith(village).set(hash, village.index.outside.size);
  await dropSnapshot(village.node, village.store, hash);
}

async function take(village: Village, { bare, snapshot }: BroughtSnapshot & { readonly is: 'here' }) {
  const taken = await takeItems(village, bare, snapshot);
  const month = bare.epochs.at(-1)?.month;
  if (!taken.ok) {
    if (!taken.isLacking) return refuse(village, snapshot.hash, taken.reason);
    village.log(`the checkpoint ${snapshot.hash} is not started from yet: ${taken.reason}`);
    return undefined;
  }
  if (month === undefined) return refuse(village, snapshot.hash, 'it is of no close');
  const { checkpoint, tallies } = taken;
  const verified = verifySnapshot(village.id, { checkpoint, hash: snapshot.hash }, [...village.index.outside.values()]);
  if (!verified.ok && verified.missing > 0) {
    village.log(`the checkpoint ${snapshot.hash} is not started from yet: ${verified.missing} records are missing`);
    triedWith(village).set(snapshot.hash, village.index.outside.size);
    return undefined;
  }
  // Records may have come meanwhile, with which this console goes on by itself.
  if (!verified.ok || !goesOn(village.checkpoint(), checkpoint))
    return refuse(village, snapshot.hash, verified.ok ? 'this console is beyond it' : verified.reason);
  return { checkpoint, tallies, startedFrom: { month, atMs: village.now() } };
}

/** Shows the months before the checkpoint this console began at as not here; what a crash left of this, the next start does. */
export async function finishStart(village: Village): Promise<void> {
  if (!village.store.isStarting()) return;
  step('checkpoint.adopted');
  await village.learnSettledKeys();
  await noteAbsent(village, absentMonths(village));
  village.store.endStarting();
  step('checkpoint.months-noted');
  await village.onArchive([]);
  village.log(`started from the signed checkpoint of ${village.store.startedFrom()?.month}`);
}

/** Goes on with a start that was cut off, as far as it can be done with what is on this disk. */
export async function resumeStart(village: Village): Promise<void> {
  if (village.copied()) return;
  await finishStart(village);
  if (village.store.snapshotsHere().length > 0) await startFromSigned(village, 'disk');
}

/** Hashes of checkpoints beyond the one this console is at, which settled closes name, the newest first. */
export function hashesAhead(village: Village): string[] {
  village.state();
  const from = village.checkpoint();
  const records = [...village.index.outside.values()];
  const founding = from.state.founding ?? foundingIn(records);
  const ahead = closesAhead(from, closeRecordsOf(records, founding)).filter((p) => p.prev !== from.settled);
  return [...new Set(ahead.map((p) => p.cut.checkpoint))].filter((hash) => hash !== ZERO_HASH);
}

/** What this console settled itself stays as it was: the checkpoint has to hold the same epochs and more. */
const goesOn = (from: Checkpoint, to: Pick<Checkpoint, 'epochs'>): boolean =>
  to.epochs.length > from.epochs.length && from.epochs.every(({ hash }, i) => to.epochs[i]?.hash === hash);

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
