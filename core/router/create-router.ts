import { join } from 'node:path';
import { accountsProcedures } from '#core/accounts/accounts-procedures.ts';
import { agreementsProcedures } from '#core/agreements/agreements-procedures.ts';
import { archiveProcedures } from '#core/archive/archive-procedures.ts';
import { createBundleFiles } from '#core/bundles/bundle-files.ts';
import { bundlesProcedures } from '#core/bundles/bundles-procedures.ts';
import type { Console } from '#core/console.ts';
import { grantsProcedures } from '#core/grants/grants-procedures.ts';
import { membersProcedures } from '#core/members/members-procedures.ts';
import { assetsProcedures, metersProcedures } from '#core/metering/meters-procedures.ts';
import { syncProcedures } from '#core/sync/sync-procedures.ts';
import { todayProcedures } from '#core/today/today-procedures.ts';
import { villagesProcedures } from '#core/villages/villages-procedures.ts';
import { createBoundary } from './boundary.ts';

/** The whole contract, implemented. A new procedure touches its feature's folder and nothing here. */
export function createRouter(console: Console) {
  const os = createBoundary(console);
  const files = createBundleFiles(join(console.options.dir, 'bundles'));
  return os.router({
    villages: villagesProcedures(os, console),
    today: todayProcedures(os, console),
    members: membersProcedures(os, console),
    meters: metersProcedures(os, console),
    assets: assetsProcedures(os, console),
    grants: grantsProcedures(os, console),
    agreements: agreementsProcedures(os, console),
    accounts: accountsProcedures(os, console),
    sync: syncProcedures(os, console),
    bundles: bundlesProcedures(os, console, files),
    archive: archiveProcedures(os, console, files),
    changes: os.changes.handler(({ input, signal }) => console.changes.since(input.since, signal)),
    jobs: {
      list: os.jobs.list.handler(() => ({ jobs: console.jobs.list() })),
      watch: os.jobs.watch.handler(({ input, signal }) => console.jobs.watch(input.job, signal)),
      cancel: os.jobs.cancel.handler(({ input }) => {
        console.jobs.cancel(input.job);
        return {};
      }),
    },
  });
}
