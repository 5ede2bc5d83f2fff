import { finishReturn } from '#core/archive/finish-return.ts';
import { hashesAhead, startFromSigned } from '#core/archive/start-checkpoint.ts';
import type { JobControl } from '#core/jobs.ts';
import type { RefusedEntries } from '#core/ports/village-node.ts';
import type { Village } from '#core/village/open-village.ts';
import { cidOfDigest, toHex } from '#domain/bytes.ts';
import { walkBundle } from './bundle-walk.ts';
import { type BundleReport, checkBundle, damagedError, signerOf } from './check-bundle.ts';
import { requireFreeSpace } from './free-space.ts';
import { learnFromManifest } from './known-consoles.ts';
import { createSnapshotParts } from './snapshot-parts.ts';

export interface TakenBundle {
  readonly report: BundleReport;
  readonly joined: number;
  readonly known: number;
  /** Entries of months that were put away here and are back. */
  readonly restored: number;
  /** Sound, and kept in memory until their device is let in or what they follow comes. */
  readonly waiting: number;
  readonly refused: readonly RefusedEntries[];
  readonly blocks: number;
}

/**
 * Verifies a bundle, then takes it in as if a peer had sent it. What is not whole is refused, unless its whole parts are
 * asked for. Cut off by a crash it is taken again from the beginning; what was taken counts as known.
 * Errors: BAD_FILE, BUNDLE_OTHER_VILLAGE, BUNDLE_DAMAGED, DISK_FULL.
 */
export async function takeBundle(
  village: Village,
  path: string,
  { wholeParts }: { readonly wholeParts: boolean },
  control: JobControl,
): Promise<TakenBundle> {
  const report = await checkBundle(village, path, control);
  if (!report.isWhole && !wholeParts) throw damagedError(report);
  await requireFreeSpace(village.dir, report.bytes);
  const sum = { joined: 0, known: 0, restored: 0, waiting: 0 };
  const before = countOthers(village);
  const refused = new Map<string, number>();
  const walk = (stage: string) => ({
    village: village.id,
    signal: control.signal,
    progress: (done: number, of: number) => control.progress(stage, done, of),
  });
  // Entries first: they announce the blocks and let their devices in.
  const entries = {
    async entries(batch: Parameters<Village['node']['importEntries']>[0]) {
      const imported = await village.node.importEntries(batch);
      sum.joined += imported.joined;
      sum.known += imported.known;
      sum.restored += imported.restored;
      sum.waiting += imported.waiting;
      for (const { reason, count } of imported.refused) refused.set(reason, (refused.get(reason) ?? 0) + count);
    },
  };
  await walkBundle(path, entries, walk('take records'));
  // The file holds all that its writer kept: what it lacks was put away there too.
  if (report.manifest?.since === null) await village.node.joinWithoutParents();
  // What waited at first may have joined once the rest was there.
  const joined = Math.max(sum.joined, countOthers(village) - before);
  const waiting = Math.max(0, sum.joined + sum.waiting - joined);
  const announced = new Set([...village.state().segments.values()].map((s) => `${s.cid} ${s.bytes}`));
  const snapshots = createSnapshotParts();
  for (const hash of hashesAhead(village)) snapshots.expect(hash.slice(2));
  const stored: string[] = [];
  const rows = village.store.segments();
  const blocks = {
    async block(digest: Uint8Array, bytes: Uint8Array) {
      const cid = cidOfDigest(digest);
      const place = snapshots.placeOf(digest, bytes);
      if (place === 'root') village.store.putSnapshotHere(`0x${toHex(digest)}`, bytes);
      if (place) await village.node.putBlock(cid, bytes);
      if (!announced.has(`${cid} ${bytes.length}`)) return;
      const isHere = await village.node.hasBlock(cid);
      if (isHere && !rows.get(cid)?.away) return;
      if (!isHere) await village.node.putBlock(cid, bytes);
      stored.push(cid);
    },
  };
  await walkBundle(path, blocks, walk('take days'));
  await startFromSigned(village, 'disk');
  await village.segments.open(stored);
  await finishReturn(village);
  const { manifest } = report;
  if (manifest) learnFromManifest(village, manifest);
  village.store.addBundle({
    atMs: village.now(),
    way: 'in',
    device: manifest?.device ?? '',
    entries: joined + sum.restored,
    blocks: stored.length,
    bytes: report.bytes,
  });
  village.notify('sync');
  return {
    ...sum,
    joined,
    waiting,
    blocks: stored.length,
    // A first file brings the very record that lets its writer in.
    report: { ...report, signer: signerOf(village, manifest) },
    refused: [...refused].map(([reason, count]) => ({ reason, count })),
  };
}

/** Entries of other devices: this console may write its own meanwhile. */
function countOthers(village: Village): number {
  const authors = [...village.node.marks().values()].flat();
  return authors.reduce((n, { device, count }) => n + (device === village.keys.id ? 0 : count), 0);
}
