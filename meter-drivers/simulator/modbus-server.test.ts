import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ModbusServer, startModbusServer } from './modbus-server.ts';

let server: ModbusServer;
beforeAll(async () => {
  const answer = (unit: number, address: number, words: number) =>
    unit === 9 ? ({ silent: true } as const) : { words: Array.from({ length: words }, (_, i) => address + i) };
  server = await startModbusServer({ host: '127.0.0.1', port: 0, answer });
});
afterAll(() => server.close());

async function connectRaw(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

const frame = (transaction: number, ...body: number[]): Buffer =>
  Buffer.from([transaction >> 8, transaction & 255, 0, 0, 0, body.length, ...body]);

async function exchange(request: Buffer, bytes: number): Promise<string> {
  const socket = await connectRaw();
  let reply = Buffer.alloc(0);
  socket.write(request);
  while (reply.length < bytes) reply = Buffer.concat([reply, ...((await once(socket, 'data')) as Buffer[])]);
  socket.destroy();
  return reply.toString('hex');
}

test.each([
  ['a read of two registers', frame(258, 1, 3, 1, 0, 0, 2), '010200000007010304' + '01000101'],
  ['a write', frame(1, 1, 6, 0, 0, 0, 1), '000100000003018601'],
  ['a read of input registers', frame(1, 1, 4, 0, 0, 0, 1), '000100000003018401'],
  ['a read of no registers', frame(1, 1, 3, 0, 0, 0, 0), '000100000003018303'],
  ['a read of 126 registers', frame(1, 1, 3, 0, 0, 0, 126), '000100000003018303'],
  ['a read past the last register', frame(1, 1, 3, 255, 255, 0, 2), '000100000003018302'],
  ['a request that is too short', frame(1, 1, 3, 0, 0), '000100000003018303'],
])('%s is answered as the Modbus specification says', async (_, request, reply) => {
  expect(await exchange(request, reply.length / 2)).toBe(reply);
});

test('requests in one packet and a request cut in pieces are each answered once', async () => {
  const two = Buffer.concat([frame(1, 1, 3, 0, 5, 0, 1), frame(2, 9, 3, 0, 5, 0, 1), frame(3, 1, 3, 0, 6, 0, 1)]);
  expect(await exchange(two, 22)).toBe('0001000000050103020005' + '0003000000050103020006');
});

test('no bytes stop the server: it still answers the next caller', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }), async (chunks) => {
      const socket = await connectRaw();
      const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
      for (const chunk of chunks) socket.write(chunk);
      socket.resume();
      socket.end();
      await closed;
    }),
    { numRuns: 60 },
  );
  expect(await exchange(frame(7, 1, 3, 0, 5, 0, 1), 11)).toBe('0007000000050103020005');
});
