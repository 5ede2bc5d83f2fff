import type { JobControl } from '#core/jobs.ts';
import { AppError } from '#core/ports/errors.ts';
import type { RefusedEntries } from '#core/ports/village-node.ts';
import type { Village } from '#core/village/open-village.ts';
import { cidOfDigest, digestOf, toHex } from '#domain/bytes.ts';
import { type BundleVisitor, walkBundle } from './bundle-walk.ts';
import { announcedIn, snapshotsIn, viewEntry } from './entry-view.ts';
import type { Manifest } from './manifest.ts';
import { lackedOf } from './since.ts';
import { createSnapshotParts } from './snapshot-parts.ts';

export interface BundleFault {
  readonly offset: number;
  readonly what: Parameters<NonNullable<BundleVisitor['damage']>>[1];
}

/** What a bundle holds and what is wrong with it, found without storing anything. */
export interface BundleReport {
  /** Undefined when the first block did not survive. */
  readonly manifest: Manifest | undefined;
  /** known: its console was let into this village. */
  readonly signer: 'known' | 'unknown' | 'none';
  readonly entries: {
    readonly fresh: number;
    readonly known: number;
    readonly refused: readonly RefusedEntries[];
    /** The file says it has them, and they are not whole in it. */
    readonly lost: number;
  };
  readonly blocks: {
    readonly fresh: number;
    readonly known: number;
    /** Nobody announced them: they are left where they are. */
    readonly unannounced: number;
    readonly lost: number;
  };
  readonly faults: readonly BundleFault[];
  /** Entries the file builds upon that are missing here. */
  readonly gap: number;
  readonly bytes: number;
  readonly isWhole: boolean;
}

const MAX_FAULTS = 100;

/** Verifies every byte of a bundle. Errors: BAD_FILE, BUNDLE_OTHER_VILLAGE. */
export async function checkBundle(village: Village, path: string, control: JobControl): Promise<BundleReport> {
  const survey = createSurvey(village);
  let bytes = 0;
  await walkBundle(path, survey.visitor, {
    village: village.id,
    signal: control.signal,
    progress(done, of) {
      bytes = of;
      control.progress('check file', done, of);
    },
  });
  return survey.report(bytes);
}

function createSurvey(village: Village) {
  const { node } = village;
  const nameOf = (digest: Uint8Array, bytes: number): string => `${toHex(digest)} ${bytes}`;
  const announced = new Set([...village.state().segments.values()].map((s) => nameOf(digestOf(s.cid), s.bytes)));
  const refused = new Map<string, number>();
  const faults: BundleFault[] = [];
  const snapshots = createSnapshotParts();
  const entries = { fresh: 0, known: 0, seen: 0 };
  const blocks = { fresh: 0, known: 0, unannounced: 0, seen: 0 };
  let manifest: Manifest | undefined;

  const visitor: BundleVisitor = {
    manifest(read) {
      manifest = read;
    },
    async entries(batch) {
      const checked = await node.checkEntries(batch);
      entries.fresh += checked.sound;
      entries.known += checked.known;
      entries.seen += batch.entries.length;
      for (const { reason, count } of checked.refused) refused.set(reason, (refused.get(reason) ?? 0) + count);
      if (batch.book === 'settlement')
        for (const entry of batch.entries) for (const root of snapshotsIn(viewEntry(entry))) snapshots.expect(root);
      if (!batch.book.startsWith('segments-')) return;
      for (const entry of batch.entries)
        for (const a of announcedIn(viewEntry(entry))) announced.add(nameOf(digestOf(a.cid), a.bytes));
    },
    async block(digest, bytes) {
      blocks.seen += 1;
      if (snapshots.placeOf(digest, bytes)) return;
      if (!announced.has(nameOf(digest, bytes.length))) blocks.unannounced += 1;
      else if (await node.hasBlock(cidOfDigest(digest))) blocks.known += 1;
      else blocks.fresh += 1;
    },
    damage(offset, what) {
      if (faults.length < MAX_FAULTS) faults.push({ offset, what });
    },
  };
  return {
    visitor,
    report(bytes: number): BundleReport {
      const told = manifest ? [...manifest.books.values()].reduce((n, count) => n + count, 0) : entries.seen;
      const lost = Math.max(0, told - entries.seen);
      const lostBlocks = Math.max(0, (manifest?.blocks.length ?? 0) - blocks.seen);
      return {
        manifest,
        signer: signerOf(village, manifest),
        entries: {
          fresh: entries.fresh,
          known: entries.known,
          refused: [...refused].map(([reason, count]) => ({ reason, count })),
          lost,
        },
        blocks: { fresh: blocks.fresh, known: blocks.known, unannounced: blocks.unannounced, lost: lostBlocks },
        faults,
        gap: manifest?.since ? lackedOf(manifest.since, node.marks()) : 0,
        bytes,
        isWhole: manifest !== undefined && faults.length === 0 && refused.size === 0 && lost + lostBlocks === 0,
      };
    },
  };
}

export function signerOf(village: Village, manifest: Manifest | undefined): BundleReport['signer'] {
  if (!manifest) return 'none';
  return village.state().devices.has(manifest.device) ? 'known' : 'unknown';
}

/** Says where the first damage is and what is whole. */
export function damagedError(report: BundleReport): AppError {
  const [first] = report.faults;
  const where = first ? `${FAULT_WORDS[first.what]} at byte ${first.offset}` : reasonOf(report);
  const { entries, blocks } = report;
  return new AppError(
    'BUNDLE_DAMAGED',
    `The file is damaged: ${where}. Nothing was taken. ${entries.fresh} new entries and ${blocks.fresh} days of readings in it are whole and can be taken; ask for a new file for the rest.`,
    { data: { offset: first?.offset ?? 0, entries: entries.fresh, blocks: blocks.fresh, lost: entries.lost } },
  );
}

function reasonOf({ entries, blocks, manifest }: BundleReport): string {
  const [refused] = entries.refused;
  if (refused) return `${refused.count} of its entries are not sound (${refused.reason})`;
  if (!manifest) return 'its first block is missing';
  return `${entries.lost} entries and ${blocks.lost} days that it should hold are not in it`;
}

const FAULT_WORDS: Readonly<Record<BundleFault['what'], string>> = {
  header: 'the beginning is not that of a bundle',
  length: 'a block with an impossible length',
  bytes: 'a block whose bytes were changed',
  'cut-off': 'it was cut off',
  'given-up': 'too much of it is no bundle',
  manifest: 'its list of contents is unreadable',
  signature: 'its list of contents was changed after it was signed',
  'other-village': 'an entry of another village',
};
