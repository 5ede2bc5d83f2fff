import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type ControlReply, type ControlRequest, controlRequest, createLineSplitter } from './control-protocol.ts';

export interface ControlServer {
  readonly port: number;
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 8;

function answerLine(line: string, handle: (request: ControlRequest) => ControlReply): ControlReply {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return { id: null, error: { code: 'BAD_REQUEST', message: 'This line is not JSON.' } };
  }
  const request = controlRequest.safeParse(parsed);
  if (request.success) return handle(request.data);
  const named = typeof parsed === 'object' && parsed !== null ? Reflect.get(parsed, 'id') : null;
  const id = Number.isSafeInteger(named) && named >= 0 ? named : null;
  return { id, error: { code: 'BAD_REQUEST', message: 'Not a request the plant knows: set, run, state or fault.' } };
}

/** The plant's control channel, on loopback only. */
export async function startControlServer(
  port: number,
  handle: (request: ControlRequest) => ControlReply,
): Promise<ControlServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    const split = createLineSplitter((line) => void socket.write(`${JSON.stringify(answerLine(line, handle))}\n`));
    socket.on('data', (chunk: Buffer) => {
      try {
        split(chunk);
      } catch {
        socket.destroy();
      }
    });
  });
  server.maxConnections = MAX_CONNECTIONS;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const socket of sockets) socket.destroy();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
