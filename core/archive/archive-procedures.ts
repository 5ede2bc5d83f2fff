import type { BundleFiles } from '#core/bundles/bundle-files.ts';
import { nameOfFile } from '#core/bundles/bundle-name.ts';
import type { Console } from '#core/console.ts';
import type { Boundary } from '#core/router/boundary.ts';
import { bringMonth } from './bring-month.ts';
import { dropMonth, writeMonth } from './drop-month.ts';
import { keptMonths, type MonthPlace, monthPlaces, setKeptMonths } from './month-places.ts';

export function archiveProcedures(os: Boundary, console: Console, files: BundleFiles) {
  const a = os.archive;
  const open = (id: string) => console.find(id).village;
  return {
    months: a.months.handler(({ input }) => {
      const keep = keptMonths(console.store, input.village);
      const startedFrom = open(input.village).store.startedFrom()?.month ?? null;
      return { keep, startedFrom, months: monthPlaces(open(input.village), keep).map(told) };
    }),
    export: a.export.handler(({ input }) => {
      const village = open(input.village);
      const job = console.jobs.start('month export', async (control) => {
        const { file, path } = await files.create(0);
        const name = nameOfFile(village, input.month);
        const { blocks, ...written } = await writeMonth(village, input.month, path, name, control);
        return { file, name, ...written, days: blocks };
      });
      return { job };
    }),
    drop: a.drop.handler(({ input }) => {
      const village = open(input.village);
      const path = files.pathOf(input.file);
      const job = console.jobs.start('month removal', async (control) => {
        const { blocks, ...gone } = await dropMonth(village, input.month, { path, name: input.name }, control);
        await files.drop(input.file);
        return { ...gone, days: blocks };
      });
      return { job };
    }),
    bring: a.bring.handler(({ input }) => {
      const village = open(input.village);
      const job = console.jobs.start('month return', (control) => bringMonth(village, input.month, control));
      return { job };
    }),
    setKeep: a.setKeep.handler(({ input }) => {
      setKeptMonths(console.store, open(input.village).id, input.months);
      open(input.village).notify('sync');
      return {};
    }),
  };
}

const told = ({ archived, ...m }: MonthPlace) => ({
  ...m,
  file:
    archived && archived.file !== ''
      ? { name: archived.file, sha256: archived.sha256, atMs: archived.atMs, bytes: archived.bytes }
      : null,
});
