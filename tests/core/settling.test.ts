import { afterEach, expect, test } from 'vitest';
import { createChainHost } from '#contracts/start-chain-host.ts';
import type { CoreOptions } from '#core/core.ts';
import { AppError } from '#core/ports/errors.ts';
import { codeOf, converge, endAll, openTwo, type TestConsole } from './consoles.ts';
import { AFTER_MARCH_MS, MONTH, makeLease, propose, setClocks, shareCoordination, sign } from './months.ts';

afterEach(endAll);

/** The real embedded chain behind a line that can be cut, or swallow the answer to a submission. */
function cutLine() {
  const line = { cut: false, swallow: false, submitted: 0 };
  const gone = () => new AppError('CHAIN_UNREACHABLE', 'The line to the chain is cut.', { retryable: true });
  const create: CoreOptions['createChainHost'] = (options) => {
    const host = createChainHost(options);
    return {
      prepare: () => host.prepare(),
      stop: () => host.stop(),
      async open(terms) {
        if (line.cut) throw gone();
        const chain = await host.open(terms);
        const over = async <T>(ask: () => Promise<T>): Promise<T> => {
          if (line.cut) throw gone();
          return await ask();
        };
        return {
          domain: chain.domain,
          stop: () => chain.stop(),
          status: (signal) => over(() => chain.status(signal)),
          receiptOf: (digest, signal) => over(() => chain.receiptOf(digest, signal)),
          rotateOperators: (change, sigs, signal) => over(() => chain.rotateOperators(change, sigs, signal)),
          submit: (signed, signal) =>
            over(async () => {
              const receipt = await chain.submit(signed, signal);
              line.submitted += 1;
              if (!line.swallow) return receipt;
              line.swallow = false;
              line.cut = true;
              throw gone();
            }),
        };
      },
    };
  };
  return { line, create };
}
const receiptsOf = (on: TestConsole) =>
  [...on.open().village.index.outside.values()].filter((r) => r.kind === 'close.receipt');

test('an agreed month waits while the chain is gone and settles once when it is back, though an answer was lost', async () => {
  const { line, create } = cutLine();
  const [first, second] = await openTwo({ createChainHost: create });
  await makeLease(first);
  await converge(first, second);
  await shareCoordination(first, second);
  setClocks(AFTER_MARCH_MS, first, second);
  line.cut = true;
  const digest = await propose(first);
  await sign(first, digest);
  await converge(first, second);
  await sign(second, digest);
  await converge(first, second);

  expect(await codeOf(first.open().settler.settle())).toBe('CHAIN_UNREACHABLE');
  expect(await codeOf(second.open().settler.settle())).toBe('CHAIN_UNREACHABLE');
  const village = first.open().village.id;
  expect(await first.client().accounts.chain({ village })).toMatchObject({
    reachable: false,
    head: null,
    queue: [{ month: MONTH, signatures: 2 }],
  });
  expect(receiptsOf(first)).toEqual([]);

  line.swallow = true;
  line.cut = false;
  expect(await codeOf(first.open().settler.settle())).toBe('CHAIN_UNREACHABLE');
  expect(line.submitted).toBe(1);
  await first.restart();
  expect(receiptsOf(first)).toEqual([]);
  line.cut = false;
  await first.open().settler.settle();
  expect(receiptsOf(first)).toHaveLength(1);
  expect(await first.open().settler.settle()).toBe(0);
  expect(line.submitted).toBe(1);
  expect(await first.open().settler.status()).toMatchObject({ head: digest, threshold: 2 });
  await converge(first, second);
  expect(second.open().village.state().closes.get(digest)?.receipt).toMatchObject({ final: true });
  expect(await first.client().accounts.chain({ village })).toMatchObject({ reachable: true, head: digest, queue: [] });
});
