import { createServer, type Server } from 'node:http';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { AppError } from '#core/ports/errors.ts';
import { createJsonRpc, quantity } from './json-rpc.ts';

let server: Server;
let url = '';
let answer: Uint8Array | string = '';
beforeEach(async () => {
  server = createServer((_, response) => response.end(answer));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  url = typeof address === 'object' && address ? `http://secret:key@127.0.0.1:${address.port}/v3/api-key` : '';
});
afterEach(
  () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
);
const call = (at: string) => createJsonRpc(() => Promise.resolve(at)).ask(quantity, 'eth_chainId', []);
const plain = () => url.replace('secret:key@', '');

test('whatever a chain answers is a number as asked or CHAIN_UNREACHABLE', async () => {
  const odd = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json(),
    fc.record({ error: fc.object() }).map((o) => JSON.stringify(o)),
  );
  await fc.assert(
    fc.asyncProperty(odd, async (bytes) => {
      answer = bytes;
      const error: unknown = await call(plain()).catch((e: unknown) => e);
      if (typeof error === 'bigint') return;
      expect(error instanceof AppError && error.code).toBe('CHAIN_UNREACHABLE');
    }),
    { numRuns: 200 },
  );
});

test('an answer without an end is cut off', async () => {
  answer = new Uint8Array(17 * 1024 * 1024).fill(0x20);
  await expect(call(plain())).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
});

test('carries revert data however deep the chain put it', async () => {
  for (const data of ['0xdead', { data: '0xdead' }]) {
    answer = JSON.stringify({ jsonrpc: '2.0', id: 1, error: { code: 3, message: 'execution reverted', data } });
    await expect(call(plain())).rejects.toMatchObject({ answer: 'execution reverted', revertData: '0xdead' });
  }
});

test('names the host in its message and never the key in its address', async () => {
  const error: unknown = await call(url).catch((e: unknown) => e);
  if (!(error instanceof AppError)) throw new Error('no AppError');
  expect(error.message).toContain('127.0.0.1');
  expect(`${error.message} ${JSON.stringify(error.data)}`).not.toMatch(/secret|api-key/);
});
