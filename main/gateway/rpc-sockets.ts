import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { RPCHandler } from '@orpc/server/ws';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Core, Session } from '#core/core.ts';

export const MAX_SOCKETS = 32;
/** A logger file of 16 MB is the largest input of the contract. */
export const MAX_MESSAGE_BYTES = 20 * 1024 * 1024;
const MAX_UNREAD_BYTES = 64 * 1024 * 1024;

export interface RpcSockets {
  /** Answers an upgrade request that was already checked. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, session: Session): void;
  readonly full: boolean;
  /** Says goodbye to everyone; whoever does not answer within the grace period is cut off. */
  stop(): Promise<void>;
}

export function createRpcSockets({ core, pingEveryMs = 15_000 }: { core: Core; pingEveryMs?: number }): RpcSockets {
  const handler = new RPCHandler(core.router);
  const server = new WebSocketServer({ noServer: true, maxPayload: MAX_MESSAGE_BYTES, perMessageDeflate: false });
  const silent = new WeakSet<WebSocket>();

  const timer = setInterval(() => {
    for (const socket of server.clients) {
      if (silent.has(socket) || socket.bufferedAmount > MAX_UNREAD_BYTES) socket.terminate();
      else {
        silent.add(socket);
        socket.ping();
      }
    }
  }, pingEveryMs);
  timer.unref();

  return {
    get full() {
      return server.clients.size >= MAX_SOCKETS;
    },
    accept(request, socket, head, session) {
      server.handleUpgrade(request, socket, head, (ws) => {
        ws.on('pong', () => silent.delete(ws));
        // ws closes the connection itself after a protocol error or an oversized message
        ws.on('error', () => undefined);
        void handler.upgrade(ws, { context: core.context(session) });
      });
    },
    async stop() {
      clearInterval(timer);
      await Promise.all(Array.from(server.clients, closeSocket));
      server.close();
    },
  };
}

const GRACE_MS = 1_000;
const GOING_AWAY = 1001;

async function closeSocket(socket: WebSocket): Promise<void> {
  if (socket.readyState === socket.CLOSED) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.once('close', () => resolve());
  socket.close(GOING_AWAY, 'the gateway stops');
  const timer = setTimeout(() => socket.terminate(), GRACE_MS);
  await promise;
  clearTimeout(timer);
}
