import { RPCLink } from '@orpc/client/message-port';
import { type GridpactBridge, PORT_MESSAGE } from '#api/bridge.ts';
import type { Channel } from './link.ts';

/** A MessagePort to the core process as a channel. */
export async function openPortChannel(bridge: GridpactBridge): Promise<Channel> {
  const port = await askForPort(bridge);
  const closed = Promise.withResolvers<void>();
  let open = true;
  const shut = () => {
    open = false;
    closed.resolve();
  };
  port.addEventListener('close', shut);
  const link = new RPCLink({ port });
  port.start();
  return {
    link,
    isOpen: () => open,
    closed: closed.promise,
    close() {
      port.close();
      shut();
    },
  };
}

async function askForPort(bridge: GridpactBridge): Promise<MessagePort> {
  const arrived = Promise.withResolvers<MessagePort>();
  const listen = (event: MessageEvent<unknown>) => {
    const port = event.ports[0];
    if (event.source === window && event.data === PORT_MESSAGE && port) arrived.resolve(port);
  };
  window.addEventListener('message', listen);
  try {
    await bridge.connect();
    return await arrived.promise;
  } finally {
    window.removeEventListener('message', listen);
  }
}
