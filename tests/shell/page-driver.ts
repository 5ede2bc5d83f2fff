import { createORPCClient } from '@orpc/client';
import { RPCLink } from '@orpc/client/message-port';
import type { ContractRouterClient } from '@orpc/contract';
import { type GridpactBridge, PORT_MESSAGE } from '#api/bridge.ts';
import type { Contract } from '#api/contract.ts';

declare global {
  interface Window {
    readonly gridpact: GridpactBridge;
    driver: { readonly journey: typeof journey; readonly untilCoreIsGone: typeof untilCoreIsGone };
  }
}

async function openPort(): Promise<MessagePort> {
  const arrived = new Promise<MessagePort>((resolve) => {
    window.addEventListener('message', function listen(event: MessageEvent<unknown>) {
      const [port] = event.ports;
      if (event.source !== window || event.data !== PORT_MESSAGE || !port) return;
      window.removeEventListener('message', listen);
      resolve(port);
    });
  });
  await window.gridpact.connect();
  return await arrived;
}

/** One question, one command, one change: over a port of its own, beside the console's. */
async function journey(language: string) {
  const port = await openPort();
  const client: ContractRouterClient<Contract> = createORPCClient(new RPCLink({ port }));
  port.start();
  const before = await client.villages.state();
  const listening = new AbortController();
  const changes = await client.changes({ since: 0 }, { signal: listening.signal });
  const changed = changes.next();
  await client.villages.setLanguage({ commandId: crypto.randomUUID(), language });
  const change = await changed;
  listening.abort();
  const after = await client.villages.state();
  port.close();
  return {
    host: before.host,
    before: before.language,
    after: after.language,
    topic: change.done ? null : change.value.topic,
  };
}

/** Resolves when the other end of a fresh port closes. */
async function untilCoreIsGone(): Promise<void> {
  const port = await openPort();
  const closed = new Promise<void>((resolve) => port.addEventListener('close', () => resolve(), { once: true }));
  port.start();
  document.documentElement.dataset['portOpen'] = 'yes';
  await closed;
}

window.driver = { journey, untilCoreIsGone };
