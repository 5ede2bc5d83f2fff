import type { Startable } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';

const LOOK_EVERY_MS = 10_000;

/** The parts of the host this needs; libp2p hands them to each of its services. */
interface AddressComponents {
  readonly events: { addEventListener(type: 'transport:listening', listener: () => void): void };
  readonly transportManager: { getAddrs(): Multiaddr[] };
  readonly addressManager: { confirmObservedAddr(address: Multiaddr, options: { readonly type: 'transport' }): void };
}

/**
 * Tells peers every address this node listens on, also after the machine changed networks. The library keeps public
 * addresses, and with them all of IPv6 but the local ones, to itself until strangers on the internet dialled them back:
 * a village has none.
 */
export function announceAddresses({ events, transportManager, addressManager }: AddressComponents): Startable {
  let told = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const tell = (): void => {
    const now = new Set(transportManager.getAddrs().map((a) => a.toString()));
    for (const address of now)
      if (!told.has(address)) addressManager.confirmObservedAddr(multiaddr(address), { type: 'transport' });
    told = now;
  };
  events.addEventListener('transport:listening', tell);
  return {
    start() {
      tell();
      timer = setInterval(tell, LOOK_EVERY_MS);
    },
    stop() {
      clearInterval(timer);
    },
  };
}
