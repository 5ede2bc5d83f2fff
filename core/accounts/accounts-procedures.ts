import type { Console } from '#core/console.ts';
import { sealUntil } from '#core/metering/sealing.ts';
import { AppError } from '#core/ports/errors.ts';
import type { Boundary } from '#core/router/boundary.ts';
import { monthOf, monthSpan } from '#domain/time.ts';
import { lanesOf } from '#domain/village/state.ts';
import { accountsView, monthsOf, periodState } from './account-views.ts';
import { closesOf, proposeClose, signClose, zoneOf } from './closing.ts';

export function accountsProcedures(os: Boundary, console: Console) {
  const a = os.accounts;
  return {
    periods: a.periods.handler(async ({ input }) => {
      const open = console.find(input.village);
      const { village } = open;
      const state = village.state();
      const zone = zoneOf(state);
      const closeOf = await closesOf(village);
      const periods = monthsOf(village).map((month) => {
        const close = closeOf(month);
        const changesHands = close
          ? lanesOf(state, close.digest).reduce((n, l) => (l.net > 0n ? n + l.net : n), 0n)
          : null;
        return {
          month,
          state: periodState(open, close),
          over: village.now() >= monthSpan(month, zone).to,
          changesHandsMinor: changesHands,
        };
      });
      return { periods, current: monthOf(village.now(), zone) };
    }),
    get: a.get.handler(({ input }) => accountsView(console.find(input.village), input.month)),
    statement: a.statement.handler(async ({ input }) => {
      const open = console.find(input.village);
      const view = await accountsView(open, input.month);
      const statement = view.statements.find((s) => s.member.id === input.member);
      if (!statement) throw new AppError('NOT_FOUND', 'This member has no statement in this month.');
      const receipt = `${input.month}-${input.member.slice(1, 9)}`;
      const parts = [
        'GRIDPACT1',
        open.village.id,
        input.month,
        input.member,
        statement.netMinor.toString(),
        view.batch?.digest ?? 'open',
        view.batch?.statementsRoot ?? '',
      ];
      if (open.village.state().founding?.simulated) parts.push('SIMULATED');
      return {
        month: input.month,
        state: view.state,
        statement,
        batch: view.batch,
        villageName: open.village.row.name,
        qr: parts.join('|'),
        receipt,
      };
    }),
    close: a.close.handler(({ input }) => {
      const { village } = console.find(input.village);
      const job = console.jobs.start('close', async ({ progress, signal }) => {
        progress('sealing readings', 0, 3);
        const { to } = monthSpan(input.month, zoneOf(village.state()));
        await sealUntil(village, Math.min(village.now(), to), console.options.stepMs ?? 3_600_000);
        signal.throwIfAborted();
        progress('counting', 1, 3);
        const digest = await proposeClose(village, input.month);
        progress('proposed', 3, 3);
        return { digest };
      });
      return { job };
    }),
    sign: a.sign.handler(({ input }) =>
      signClose(console.find(input.village).village, input.month, input.digest, input.signer, input.pin),
    ),
    settle: a.settle.handler(({ input }) => {
      const open = console.find(input.village);
      const job = console.jobs.start('settle', async ({ progress, signal }) => {
        progress('sending', 0, 1);
        return { settled: await open.settler.settle(signal) };
      });
      return { job };
    }),
    chain: a.chain.handler(async ({ input }) => {
      const open = console.find(input.village);
      const state = open.village.state();
      const { founding } = state;
      if (!founding)
        throw new AppError('NOT_FOUND', 'The founding record of this village is not here yet.', { retryable: true });
      const status = await open.settler.status();
      const closeOf = await closesOf(open.village);
      return {
        reachable: status !== undefined,
        hereByDevice: open.settler.here,
        chainId: founding.chain.chainId,
        ledger: founding.chain.ledger,
        block: status?.block ?? null,
        head: status?.head ?? null,
        queue: [...state.closes.values()]
          .filter((c) => !c.receipt?.final && closeOf(c.month)?.digest === c.digest)
          .map((c) => ({
            month: c.month,
            state: periodState(open, c),
            signatures: c.signatures.length,
            threshold: c.threshold,
          })),
      };
    }),
  };
}
