import { PIECE_BYTES } from '#api/bundles.ts';
import { zoneOf } from '#core/accounts/closing.ts';
import type { Console } from '#core/console.ts';
import { AppError } from '#core/ports/errors.ts';
import type { Boundary } from '#core/router/boundary.ts';
import type { Village } from '#core/village/open-village.ts';
import { dayOf, dayStart } from '#domain/time.ts';
import type { BundleFiles } from './bundle-files.ts';
import { nameOfFile } from './bundle-name.ts';
import { newsFor } from './bundle-news.ts';
import { type BundleReport, checkBundle } from './check-bundle.ts';
import { type ExportWish, exportBundle } from './export-bundle.ts';
import { knownConsoles } from './known-consoles.ts';
import { packBundle, unpackBundle } from './packed-bundle.ts';
import { marksBefore } from './since.ts';
import { takeBundle } from './take-bundle.ts';

type Since =
  | { readonly from: 'start' }
  | { readonly from: 'console'; readonly device: string }
  | { readonly from: 'day'; readonly day: string };

export function bundlesProcedures(os: Boundary, console: Console, files: BundleFiles) {
  const b = os.bundles;
  const reports = new Map<string, BundleReport>();
  const open = (id: string): Village => console.find(id).village;
  const quiet = { signal: new AbortController().signal, progress: () => undefined };
  return {
    state: b.state.handler(({ input }) => newsFor(open(input.village))),
    export: b.export.handler(({ input }) => {
      const village = open(input.village);
      const job = console.jobs.start('bundle export', async (control) => {
        const wish = await wishOf(village, input.since, control.signal);
        const { file, path } = await files.create(0);
        const { entries, blocks, bytes } = await exportBundle(village, path, wish, control);
        const device = input.since.from === 'console' ? input.since.device : '';
        village.store.addBundle({ atMs: village.now(), way: 'out', device, entries, blocks, bytes });
        village.notify('sync');
        return {
          file,
          name: nameOfFile(village, dayOf(village.now(), zoneOf(village.state()))),
          bytes,
          entries,
          days: blocks,
        };
      });
      return { job };
    }),
    read: b.read.handler(async ({ input }) => {
      const { bytes, isLast } = await files.read(input.file, input.offset, PIECE_BYTES);
      return { data: Buffer.from(bytes).toString('base64'), isLast };
    }),
    create: b.create.handler(async ({ input }) => ({ file: (await files.create(input.bytes)).file })),
    write: b.write.handler(async ({ input }) => {
      await files.write(input.file, input.offset, Buffer.from(input.data, 'base64'));
      return {};
    }),
    drop: b.drop.handler(async ({ input }) => {
      reports.delete(input.file);
      await files.drop(input.file);
      return {};
    }),
    check: b.check.handler(({ input }) => {
      const village = open(input.village);
      const path = files.pathOf(input.file);
      const job = console.jobs.start('bundle check', async (control) => {
        reports.set(input.file, await checkBundle(village, path, control));
        return { file: input.file };
      });
      return { job };
    }),
    report: b.report.handler(({ input }) => {
      const report = reports.get(input.file);
      if (!report) throw new AppError('NOT_FOUND', 'This file was not looked at yet.');
      return toldReport(open(input.village), report);
    }),
    take: b.take.handler(({ input }) => {
      const village = open(input.village);
      const path = files.pathOf(input.file);
      const job = console.jobs.start('bundle import', async (control) => {
        const { refused, blocks, report: _report, ...sums } = await takeBundle(village, path, input, control);
        await files.drop(input.file);
        return { ...sums, refused: refused.reduce((n, r) => n + r.count, 0), days: blocks };
      });
      return { job };
    }),
    pack: b.pack.handler(async ({ input }) => {
      const village = open(input.village);
      const have = knownConsoles(village).find((k) => k.device === input.device)?.have ?? new Map();
      const { file, path } = await files.create(0);
      try {
        const { bytes, entries } = await packBundle(village, have, path, quiet);
        return { data: Buffer.from(bytes).toString('base64'), entries };
      } finally {
        await files.drop(file);
      }
    }),
    unpack: b.unpack.handler(async ({ input }) => {
      const bytes = await unpackBundle(Buffer.from(input.data, 'base64'));
      const { file } = await files.create(bytes.length);
      await files.write(file, 0, bytes);
      return { file };
    }),
  };
}

async function wishOf(village: Village, since: Since, signal: AbortSignal): Promise<ExportWish> {
  if (since.from === 'start') return {};
  if (since.from === 'day')
    return {
      there: { have: await marksBefore(village.node, dayStart(since.day, zoneOf(village.state())), signal), wants: [] },
    };
  const there = knownConsoles(village).find((k) => k.device === since.device);
  return there ? { there } : {};
}

function toldReport(village: Village, r: BundleReport) {
  const state = village.revealed();
  const { manifest } = r;
  const member = manifest && state.devices.get(manifest.device)?.member;
  return {
    from: manifest
      ? {
          device: manifest.device,
          name: (member && state.members.get(member)?.name) || null,
          madeAtMs: manifest.madeMs,
        }
      : null,
    isKnownConsole: r.signer === 'known',
    isWhole: r.isWhole,
    bytes: r.bytes,
    entries: {
      fresh: r.entries.fresh,
      known: r.entries.known,
      lost: r.entries.lost,
      refused: r.entries.refused.reduce((n, x) => n + x.count, 0),
    },
    days: r.blocks,
    faults: [...r.faults],
    reasons: r.entries.refused.map((x) => x.reason).slice(0, 10),
    gap: r.gap,
  };
}
