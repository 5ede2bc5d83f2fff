import { RPCLink } from '@orpc/client/websocket';
import { type Channel, NotPairedError } from './link.ts';

interface SocketOptions {
  readonly url: string;
  /** Asked when the socket is refused before it opens; a browser is not told why. */
  readonly isPaired: () => Promise<boolean>;
}

/** A WebSocket to the gateway as a channel. */
export async function openSocketChannel({ url, isPaired }: SocketOptions): Promise<Channel> {
  const websocket = new WebSocket(url);
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  websocket.addEventListener('open', () => opened.resolve());
  websocket.addEventListener('close', () => {
    closed.resolve();
    opened.reject(new Error('the console does not answer'));
  });
  try {
    await opened.promise;
  } catch (error) {
    if (!(await isPaired())) throw new NotPairedError();
    throw error;
  }
  return {
    link: new RPCLink({ websocket }),
    isOpen: () => websocket.readyState === WebSocket.OPEN,
    closed: closed.promise,
    close: () => websocket.close(),
  };
}
