import { mkdirSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Core } from '#core/core.ts';
import { type Clock, systemClock } from '#core/ports/clock.ts';
import { AppError } from '#core/ports/errors.ts';
import { loadAssets } from '#main/assets.ts';
import { createOwnNames, type OwnNames } from './own-names.ts';
import { createPairing, type SessionKind } from './pairing.ts';
import { answerRequest, type RequestParts } from './requests.ts';
import { createRpcSockets, type RpcSockets } from './rpc-sockets.ts';
import { openSessions } from './sessions.ts';
import type { TlsIdentity } from './tls-files.ts';

export interface GatewayOptions {
  readonly core: Core;
  /** Folder of the built console. */
  readonly root: string;
  /** Address to listen on; anything but loopback needs `tls`. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Where pairing and sessions are remembered. */
  readonly dataDir: string;
  readonly tls?: TlsIdentity;
  readonly clock?: Clock;
  readonly pingEveryMs?: number;
}

export interface PairingLink {
  readonly code: string;
  /** Opens the console already paired; good once. */
  readonly link: string;
  readonly expiresAtMs: number;
}

export interface Gateway {
  /** With a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Makes a one-time code; one that was out before is void. */
  issueCode(kind?: SessionKind): PairingLink;
  stop(): Promise<void>;
}

const LOOPBACK = new Set(['127.0.0.1', '::1']);
const LIMITS = { maxHeaderSize: 16_384, headersTimeout: 10_000, requestTimeout: 15_000, keepAliveTimeout: 5_000 };
const MAX_CONNECTIONS = 256;

/** Serves the console and its core to browsers: HTTP for files and pairing, one WebSocket at /rpc for everything else. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { core, root, host = '127.0.0.1', dataDir, tls, clock = systemClock } = options;
  if (!LOOPBACK.has(host) && !tls) {
    throw new AppError(
      'BAD_INPUT',
      `Listening on ${host} would show this console to the network unencrypted. Give --tls-cert and --tls-key.`,
    );
  }
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const server = tls ? createHttpsServer({ ...LIMITS, cert: tls.cert, key: tls.key }) : createHttpServer(LIMITS);
  server.maxConnections = MAX_CONNECTIONS;
  const assets = loadAssets(root);
  await listen(server, options.port, host);
  const port = (server.address() as AddressInfo).port;
  const scheme = tls ? 'https' : 'http';
  const names = createOwnNames({ scheme, port, lan: !LOOPBACK.has(host), names: tls?.names ?? [] });
  const pairing = createPairing({ dataDir, clock });
  const sessions = openSessions({ dataDir, clock });
  const sockets = createRpcSockets({ core, ...(options.pingEveryMs ? { pingEveryMs: options.pingEveryMs } : {}) });
  const parts: RequestParts = { assets, names, pairing, sessions, secure: tls !== undefined };

  server.on('request', (request, response) => {
    answerRequest(parts, request, response).catch(() => response.destroy());
  });
  server.on('upgrade', (request, socket, head) => upgrade(parts, sockets, request, socket, head));
  // malformed HTTP: nothing of what came is repeated to the sender
  server.on('clientError', (_error, socket) => refuse(socket, 400));

  const url = `${scheme}://${printableHost(host)}:${port}/`;
  return {
    url,
    port,
    issueCode(kind) {
      const { code, expiresAtMs } = pairing.issue(kind);
      return { code, link: `${url}#pair=${code}`, expiresAtMs };
    },
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await sockets.stop();
      server.closeAllConnections();
      await closed;
    },
  };
}

function upgrade(
  { names, sessions }: { names: OwnNames; sessions: RequestParts['sessions'] },
  sockets: RpcSockets,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  socket.on('error', () => socket.destroy());
  const { host, origin, cookie } = request.headers;
  const session = sessions.find(cookie);
  if (!names.isHost(host)) refuse(socket, 421);
  else if (!names.isOrigin(origin, host)) refuse(socket, 403);
  else if (request.url !== '/rpc') refuse(socket, 404);
  else if (!session) refuse(socket, 401);
  else if (sockets.full) refuse(socket, 503);
  else sockets.accept(request, socket, head, session);
}

function refuse(socket: Duplex, status: number): void {
  if (!socket.writable) return;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, port, host)));
    server.listen(port, host, () => {
      server.removeAllListeners('error');
      resolve();
    });
  });
}

function listenError(error: NodeJS.ErrnoException, port: number, host: string): AppError {
  const reasons: Record<string, string> = {
    EADDRINUSE: `Port ${port} of ${host} is taken by another program. Choose another with --port.`,
    EACCES: `This user may not listen on port ${port}. Choose one above 1023 with --port.`,
    EADDRNOTAVAIL: `This machine has no address ${host}. Choose one it has.`,
  };
  return new AppError(
    'BAD_ADDRESS',
    reasons[error.code ?? ''] ?? `Cannot listen on ${host}:${port}: ${error.message}`,
    {
      cause: error,
      data: { reason: error.code ?? 'unknown', port },
    },
  );
}

/** An address that can be typed into a browser on this machine. */
function printableHost(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return isIPv6(host) ? `[${host}]` : host;
}
