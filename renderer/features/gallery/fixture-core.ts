import { createRouterClient, type ImplementerInternalWithMiddlewares, implement, ORPCError } from '@orpc/server';
import { createTanstackQueryUtils } from '@orpc/tanstack-query';
import { type Contract, contract } from '#api/contract.ts';
import type { Console } from '../../app/console-context.tsx';
import type { LinkState } from '../../app/link.ts';
import type { ConsoleClient } from '../../app/wire.ts';
import * as accounts from './fixtures/accounts.ts';
import * as agreements from './fixtures/agreements.ts';
import { months } from './fixtures/archive.ts';
import * as sticks from './fixtures/bundles.ts';
import * as meters from './fixtures/meters.ts';
import * as people from './fixtures/people.ts';
import * as days from './fixtures/today.ts';

/** Which state of the console the fixture shows. */
export const FIXTURE_MODES = [
  'ready',
  'night',
  'early',
  'empty',
  'loading',
  'error',
  'stale',
  'copied',
  'first-run',
] as const;
export type FixtureMode = (typeof FIXTURE_MODES)[number];

const WORDS = 'river lamp maize drum seven hill goat blue nine mango road stone'.split(' ');
const forever = (): Promise<never> => new Promise(() => undefined);

/** The whole contract answered from memory: for the gallery and for tests of views, never for a village. */
export function createFixtureConsole(mode: FixtureMode): Console {
  const client: ConsoleClient = createRouterClient(createFixtureRouter(mode));
  const state: LinkState = mode === 'stale' ? { at: 'lost', tries: 3 } : { at: 'open' };
  return {
    client,
    api: createTanstackQueryUtils(client),
    link: { state: () => state, subscribe: () => () => undefined, retryNow: () => undefined },
  };
}

type NoContext = Record<never, never>;
type Implementer = ImplementerInternalWithMiddlewares<Contract, NoContext, NoContext>;
const implementFor = (mode: FixtureMode): Implementer =>
  implement(contract).use(async ({ next, path }) => {
    if (path[0] === 'villages' && path[1] === 'state') return next();
    if (mode === 'loading') return forever();
    if (mode === 'error')
      throw new ORPCError('DISK_FULL', {
        data: { detail: 'The books need 4 MB and the disk has 0.', retryable: true, values: {} },
      });
    return next();
  });

function createFixtureRouter(mode: FixtureMode) {
  const os = implementFor(mode);
  const empty = mode === 'empty';
  const list = <T>(full: T[]): T[] => (empty ? [] : full);
  const day = mode === 'night' ? days.night : mode === 'early' ? days.firstDays : days.today;
  const job = { job: 'fixture-job' };
  return os.router({
    villages: villagesRouter(os, mode),
    today: {
      get: os.today.get.handler(() =>
        empty ? { ...days.firstDays, flow: { ...day.flow, sources: [], uses: [], battery: null } } : day,
      ),
    },
    members: {
      list: os.members.list.handler(() => ({ members: list(people.members) })),
      get: os.members.get.handler(({ input }) => people.memberCard(input.member)),
      add: os.members.add.handler(() => ({ member: people.memberId(5), words: WORDS })),
      addOrganisation: os.members.addOrganisation.handler(() => ({ member: people.memberId(3) })),
      edit: os.members.edit.handler(() => ({})),
      setRoles: os.members.setRoles.handler(() => ({})),
      rotateKey: os.members.rotateKey.handler(() => ({ words: WORDS })),
      recoverKey: os.members.recoverKey.handler(() => ({})),
    },
    grants: {
      get: os.grants.get.handler(({ input }) => {
        if (empty) return { readers: [], signers: [], log: [] };
        return input.thing.startsWith('a') ? meters.assetReaders : meters.readers;
      }),
      give: os.grants.give.handler(() => ({ grant: meters.readers.log[0]?.grant ?? '' })),
      revoke: os.grants.revoke.handler(() => ({})),
    },
    meters: {
      models: os.meters.models.handler(() => ({ models: meters.models })),
      test: os.meters.test.handler(() => ({
        identity: { manufacturer: 'Gridpact simulator', model: 'SunSpec 203', serial: '71402118', simulated: true },
        reading: { atMs: people.NOW_MS, importWh: 38_214_620n, exportWh: 0n, powerW: 9600 },
      })),
      add: os.meters.add.handler(() => ({ meter: people.meterId(0) })),
      list: os.meters.list.handler(() => ({ meters: list(meters.meters) })),
      get: os.meters.get.handler(({ input }) => meters.meterPage(input.meter)),
      older: os.meters.older.handler(() => ({ flags: [], evidence: [], inFile: null, olderMs: null })),
      series: os.meters.series.handler(({ input }) => meters.series(input.fromMs, input.toMs, input.stepMs)),
      flags: os.meters.flags.handler(() => ({ flags: list(meters.flags) })),
      decide: os.meters.decide.handler(() => ({})),
      enterReading: os.meters.enterReading.handler(() => ({ entry: 'entry-2' })),
      importFile: os.meters.importFile.handler(() => job),
      entries: os.meters.entries.handler(() => ({ entries: list(meters.entries) })),
      vouch: os.meters.vouch.handler(() => ({})),
    },
    assets: {
      list: os.assets.list.handler(() => ({ assets: list(meters.assets) })),
      add: os.assets.add.handler(() => ({ asset: people.assetId(0) })),
    },
    agreements: {
      list: os.agreements.list.handler(() => ({ agreements: list(agreements.agreements) })),
      get: os.agreements.get.handler(({ input }) => agreements.agreementPage(input.agreement)),
      check: os.agreements.check.handler(() => ({
        missing: [],
        warnings: [],
        example: agreements.example,
        sealWords: WORDS.slice(0, 6),
      })),
      draft: os.agreements.draft.handler(() => ({ agreement: people.agreementId(1) })),
      sign: os.agreements.sign.handler(() => ({ effective: false })),
      decline: os.agreements.decline.handler(() => ({})),
    },
    accounts: {
      periods: os.accounts.periods.handler(() =>
        empty ? { ...accounts.periods, periods: accounts.periods.periods.slice(0, 1) } : accounts.periods,
      ),
      get: os.accounts.get.handler(({ input }) => {
        const view = accounts.accountsView(input.month);
        return empty ? { ...view, statements: [] } : view;
      }),
      statement: os.accounts.statement.handler(({ input }) => accounts.statementPage(input.month, input.member)),
      close: os.accounts.close.handler(() => job),
      sign: os.accounts.sign.handler(() => ({ signatures: 1, enough: false })),
      settle: os.accounts.settle.handler(() => job),
      chain: os.accounts.chain.handler(() => accounts.chain),
    },
    sync: {
      status: os.sync.status.handler(() =>
        empty ? { ...accounts.sync, peers: [], refused: [], conflicts: [], chains: [] } : accounts.sync,
      ),
      dial: os.sync.dial.handler(() => ({})),
      pause: os.sync.pause.handler(() => ({})),
      resume: os.sync.resume.handler(() => ({})),
      cancelFetch: os.sync.cancelFetch.handler(() => ({})),
      fetchAgain: os.sync.fetchAgain.handler(() => ({})),
      forgetPeer: os.sync.forgetPeer.handler(() => ({})),
      setMeetingPoint: os.sync.setMeetingPoint.handler(() => ({})),
      markSeen: os.sync.markSeen.handler(() => ({})),
      setOnline: os.sync.setOnline.handler(() => ({})),
    },
    bundles: bundlesRouter(os, empty),
    archive: archiveRouter(os, empty),
    changes: os.changes.handler(async function* () {
      await forever();
      yield { seq: 0, topic: 'jobs', village: null };
    }),
    jobs: jobsRouter(os),
  });
}

function bundlesRouter(os: Pick<Implementer, 'bundles'>, empty: boolean) {
  const { file, report, packed } = sticks;
  const job = { job: 'fixture-job' };
  return {
    state: os.bundles.state.handler(() =>
      empty ? { ...sticks.news, consoles: [], lastIn: null, lastOut: null } : sticks.news,
    ),
    export: os.bundles.export.handler(() => job),
    read: os.bundles.read.handler(() => ({ data: '', isLast: true })),
    create: os.bundles.create.handler(() => ({ file })),
    write: os.bundles.write.handler(() => ({})),
    drop: os.bundles.drop.handler(() => ({})),
    check: os.bundles.check.handler(() => job),
    report: os.bundles.report.handler(() => report),
    take: os.bundles.take.handler(() => job),
    pack: os.bundles.pack.handler(() => packed),
    unpack: os.bundles.unpack.handler(() => ({ file })),
  };
}

function archiveRouter(os: Pick<Implementer, 'archive'>, empty: boolean) {
  const job = { job: 'fixture-job' };
  return {
    months: os.archive.months.handler(() => (empty ? { ...months, months: [] } : months)),
    export: os.archive.export.handler(() => job),
    drop: os.archive.drop.handler(() => job),
    bring: os.archive.bring.handler(() => job),
    setKeep: os.archive.setKeep.handler(() => ({})),
  };
}

function jobsRouter(os: Pick<Implementer, 'jobs'>) {
  return {
    list: os.jobs.list.handler(() => ({ jobs: [] })),
    watch: os.jobs.watch.handler(async function* ({ input }) {
      yield {
        job: input.job,
        kind: 'close',
        stage: 'statements',
        done: 23,
        of: 39,
        state: 'running' as const,
        startedAtMs: Date.now() - 8000,
        error: null,
        result: null,
      };
      await forever();
    }),
    cancel: os.jobs.cancel.handler(() => ({})),
  };
}

function villagesRouter(os: Pick<Implementer, 'villages'>, mode: FixtureMode) {
  const { NOW_MS, DAY_MS, DEVICE, memberId, person, VILLAGE, village } = people;
  return {
    state: os.villages.state.handler(() => ({
      version: '0.1.0',
      host: 'gateway' as const,
      dataKey: 'passphrase' as const,
      language: null,
      nowMs: NOW_MS,
      villages: mode === 'first-run' ? [] : [{ ...village, copied: mode === 'copied' }],
      demo: { job: null, village: null },
    })),
    setLanguage: os.villages.setLanguage.handler(() => ({})),
    found: os.villages.found.handler(() => ({ village: VILLAGE, words: WORDS })),
    readInvitation: os.villages.readInvitation.handler(() => ({
      village: VILLAGE,
      villageName: 'Kwa Mtoni',
      name: 'Elia Massawe',
      roles: ['coordinator' as const],
      expiresAtMs: NOW_MS + 7 * DAY_MS,
      invitedBy: 'Neema Mollel',
    })),
    join: os.villages.join.handler(() => ({ village: VILLAGE, words: WORDS })),
    consolePass: os.villages.consolePass.handler(() => ({ text: `gridpact-console:${'k7Qm'.repeat(60)}` })),
    readConsolePass: os.villages.readConsolePass.handler(() => ({
      village: VILLAGE,
      villageName: 'Kwa Mtoni',
      name: 'Neema Mollel',
    })),
    addConsole: os.villages.addConsole.handler(() => ({ village: VILLAGE })),
    invite: os.villages.invite.handler(() => ({
      text: `gridpact-invite:1:${'k7Qm'.repeat(60)}`,
      expiresAtMs: NOW_MS + 7 * DAY_MS,
    })),
    changeNetworkKey: os.villages.changeNetworkKey.handler(() => ({})),
    startDemo: os.villages.startDemo.handler(() => ({ job: 'fixture-job' })),
    settings: os.villages.settings.handler(() => ({
      name: 'Kwa Mtoni',
      currency: village.currency,
      zoneOffsetMin: 180,
      founded: NOW_MS - 400 * DAY_MS,
      coordinators: { members: [person(0), person(1), person(2)], threshold: 2 },
      pendingCoordinators: [
        { members: [person(0), person(1), person(3)], threshold: 2, signedBy: [person(0)], needed: 2 },
      ],
      chain: { chainId: 31_337, ledger: accounts.chain.ledger, genesis: 'ab'.repeat(32), hereByDevice: true },
      debtFloorMinor: -50_000n,
      reservePercent: 20,
      dataDirectory: '~/.local/share/gridpact',
      listen: ['/ip4/192.168.1.20/tcp/4101'],
      network: {
        changedAtMs: NOW_MS - 3 * DAY_MS,
        have: 2,
        consoles: 3,
        oldUntilMs: NOW_MS + 27 * DAY_MS,
        exposed: mode === 'empty',
      },
      devices: [
        {
          id: DEVICE,
          member: memberId(0),
          memberName: 'Neema Mollel',
          grantedAtMs: NOW_MS - 90 * DAY_MS,
          revoked: false,
          here: true,
        },
        {
          id: 'cd'.repeat(32),
          member: memberId(1),
          memberName: 'Elia Massawe',
          grantedAtMs: NOW_MS - 60 * DAY_MS,
          revoked: false,
          here: false,
        },
      ],
    })),
    setCoordinators: os.villages.setCoordinators.handler(() => ({})),
    revokeDevice: os.villages.revokeDevice.handler(() => ({})),
    becomeNewDevice: os.villages.becomeNewDevice.handler(() => ({ device: people.DEVICE })),
    diagnostics: os.villages.diagnostics.handler(() => ({ text: 'version 0.1.0\nrecords 1482\n' })),
  };
}
