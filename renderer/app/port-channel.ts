import { RPCLink } from '@orpc/client/message-port';
import type { Channel } from './link.ts';

/** What the preload script puts on the window of the desktop shell. */
export interface DesktopBridge {
  /** Asks the shell for a fresh port to the core. A port cannot cross the bridge as a value, so it may come as a window message. */
  readonly connect: () => Promise<MessagePort | undefined>;
}

const PORT_MESSAGE = 'gridpact:port';

/** A MessagePort to the core process as a channel. */
export async function openPortChannel(bridge: DesktopBridge): Promise<Channel> {
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

async function askForPort(bridge: DesktopBridge): Promise<MessagePort> {
  const arrived = Promise.withResolvers<MessagePort>();
  const listen = (event: MessageEvent<unknown>) => {
    const port = event.ports[0];
    if (event.source === window && event.data === PORT_MESSAGE && port) arrived.resolve(port);
  };
  window.addEventListener('message', listen);
  try {
    const answered: unknown = await bridge.connect();
    return answered instanceof MessagePort ? answered : await arrived.promise;
  } finally {
    window.removeEventListener('message', listen);
  }
}
