import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createORPCClient } from '@orpc/client';
import type { RouterClient } from '@orpc/server';
import { eventIterator, os } from '@orpc/server';
import { RPCHandler } from '@orpc/server/ws';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import * as z from 'zod';
import { createReconnectingLink, type LinkState, NotPairedError, type ReconnectingLink } from './link.ts';
import { openSocketChannel } from './socket-channel.ts';

/** A small core behind a real socket: one command that is done once per id, one stream. */
function createCore() {
  const done = new Set<string>();
  let calls = 0;
  let onHeld: (() => void) | null = null;
  const router = {
    add: os.input(z.object({ commandId: z.string(), hold: z.boolean() })).handler(async ({ input }) => {
      calls += 1;
      done.add(input.commandId);
      if (input.hold && calls === 1) {
        onHeld?.();
        await new Promise(() => undefined);
      }
      return { total: done.size };
    }),
    changes: os
      .input(z.object({ since: z.number() }))
      .output(eventIterator(z.object({ seq: z.number() })))
      .handler(async function* ({ input }) {
        yield { seq: input.since + 1 };
        yield { seq: input.since + 2 };
        await new Promise(() => undefined);
      }),
  };
  const held = new Promise<void>((resolve) => {
    onHeld = resolve;
  });
  return { router, held, calls: () => calls, done };
}

type Core = ReturnType<typeof createCore>;
let http: Server;
let sockets: WebSocketServer;
let core: Core;
let link: ReconnectingLink | null;

async function listen(port: number): Promise<number> {
  http = createServer();
  sockets = new WebSocketServer({ server: http });
  const handler = new RPCHandler(core.router);
  sockets.on('connection', (socket) => void handler.upgrade(socket, { context: {} }));
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  return (http.address() as AddressInfo).port;
}

async function stopServer(): Promise<void> {
  for (const socket of sockets.clients) socket.terminate();
  await new Promise((resolve) => sockets.close(resolve));
  await new Promise((resolve) => http.close(resolve));
}

const connect = (port: number, isPaired = async () => true) =>
  createReconnectingLink(() => openSocketChannel({ url: `ws://127.0.0.1:${port}/rpc`, isPaired }));

function until(of: ReconnectingLink, at: LinkState['at']): Promise<void> {
  return new Promise((resolve) => {
    const check = () => {
      if (of.state().at !== at) return;
      stop();
      resolve();
    };
    const stop = of.subscribe(check);
    check();
  });
}

beforeEach(() => {
  core = createCore();
  link = null;
});
afterEach(async () => {
  link?.stop();
  await stopServer();
});

describe('reconnecting link', () => {
  it('sends a command again under the same id when the socket broke before the answer, and it is done once', async () => {
    const port = await listen(0);
    link = connect(port);
    const client: RouterClient<Core['router']> = createORPCClient(link);
    const answer = client.add({ commandId: 'c1', hold: true });
    await core.held;
    for (const socket of sockets.clients) socket.terminate();
    expect(await answer).toEqual({ total: 1 });
    expect(core.calls()).toBe(2);
    expect([...core.done]).toEqual(['c1']);
  });

  it('waits for a gateway that comes back on the same port', async () => {
    const port = await listen(0);
    link = connect(port);
    await until(link, 'open');
    await stopServer();
    await until(link, 'lost');
    const client: RouterClient<Core['router']> = createORPCClient(link);
    const answer = client.add({ commandId: 'c2', hold: false });
    await listen(port);
    expect(await answer).toEqual({ total: 1 });
    expect(link.state().at).toBe('open');
  });

  it('ends a stream when the line is lost, so that its reader can go on from where it was', async () => {
    const port = await listen(0);
    link = connect(port);
    const client: RouterClient<Core['router']> = createORPCClient(link);
    const seen: number[] = [];
    let since = 0;
    for (let round = 0; round < 2; round += 1) {
      try {
        for await (const change of await client.changes({ since })) {
          since = change.seq;
          seen.push(since);
          if (since % 2 === 0) for (const socket of sockets.clients) socket.terminate();
        }
      } catch {
        // The line broke: the next round asks again.
      }
    }
    expect(seen).toEqual([1, 2, 3, 4]);
  });

  it('stops trying when the gateway does not know the browser, and goes on once it is paired', async () => {
    const port = await listen(0);
    let paired = false;
    link = createReconnectingLink(() => {
      if (!paired) return Promise.reject(new NotPairedError());
      return openSocketChannel({ url: `ws://127.0.0.1:${port}/rpc`, isPaired: async () => true });
    });
    await until(link, 'unpaired');
    paired = true;
    link.retryNow();
    await until(link, 'open');
    expect(link.state()).toEqual({ at: 'open' });
  });

  it('gives up a call whose caller gave up while the line was away', async () => {
    const port = await listen(0);
    link = connect(port);
    await until(link, 'open');
    await stopServer();
    await until(link, 'lost');
    const client: RouterClient<Core['router']> = createORPCClient(link);
    const stop = new AbortController();
    const answer = client.add({ commandId: 'c3', hold: false }, { signal: stop.signal });
    stop.abort(new Error('closed'));
    await expect(answer).rejects.toThrow('closed');
    await listen(port);
  });
});
