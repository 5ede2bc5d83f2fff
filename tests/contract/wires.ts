import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createORPCClient } from '@orpc/client';
import { RPCLink as PortLink } from '@orpc/client/message-port';
import { RPCLink as SocketLink } from '@orpc/client/websocket';
import type { ContractRouterClient } from '@orpc/contract';
import { RPCHandler as PortHandler } from '@orpc/server/message-port';
import type { Contract } from '#api/contract.ts';
import type { Core, Session } from '#core/core.ts';
import { createCoreClient } from '#main/core-client.ts';
import { cookieOf, createRoughBrowser } from '#main/gateway/rough-browser.ts';
import { startGateway } from '#main/gateway/server.ts';

export type WireClient = ContractRouterClient<Contract>;

export interface Wire {
  readonly client: WireClient;
  close(): Promise<void>;
}
export type OpenWire = (core: Core, kind: Session['kind']) => Promise<Wire>;

/** The three ways a window reaches the core. */
export const WIRES: readonly (readonly [string, OpenWire])[] = [
  ['a direct call', openDirect],
  ['a message port', openPort],
  ['the gateway’s socket', openSocket],
];

function openDirect(core: Core, kind: Session['kind']): Promise<Wire> {
  return Promise.resolve({ client: createCoreClient(core, { kind }), close: () => Promise.resolve() });
}

function openPort(core: Core, kind: Session['kind']): Promise<Wire> {
  const { port1, port2 } = new MessageChannel();
  new PortHandler(core.router).upgrade(port1, { context: core.context({ kind }) });
  port1.start();
  const client: WireClient = createORPCClient(new PortLink({ port: port2 }));
  port2.start();
  return Promise.resolve({
    client,
    close: () => {
      port2.close();
      return Promise.resolve();
    },
  });
}

async function openSocket(core: Core, kind: Session['kind']): Promise<Wire> {
  const dir = mkdtempSync(join(tmpdir(), 'wire-'));
  writeFileSync(join(dir, 'index.html'), '<!doctype html>');
  const gateway = await startGateway({ core, root: dir, port: 0, dataDir: join(dir, 'data') });
  const browser = createRoughBrowser(() => gateway.port);
  const cookie = cookieOf(await browser.tryCode(gateway.issueCode(kind).code));
  const socket = await browser.openSocket(cookie);
  // the same events and methods, in the types of another library
  const websocket = socket as unknown as WebSocket;
  return {
    client: createORPCClient(new SocketLink({ websocket })),
    async close() {
      socket.terminate();
      await gateway.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
