import { circuitRelayTransport, RELAY_V2_HOP_CODEC } from '@libp2p/circuit-relay-v2';
import type { Connection, PeerId, Startable, Topology } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { backoffMs } from './backoff.ts';
import { NETWORK_LIMITS } from './network-limits.ts';

/** The library asks at the same time and gives up, and who asks second gets its answer: the next try is soon. */
const FIRST_WAIT_MS = 200;
const LAST_WAIT_MS = 5 * 60_000;

/** The parts of the host this needs; libp2p hands them to each of its services. */
interface RelayClientComponents {
  readonly registrar: {
    register(protocol: string, topology: Topology): Promise<string>;
    unregister(id: string): void;
  };
  readonly transportManager: { listen(addresses: Multiaddr[]): Promise<void> };
  readonly connectionManager: { getConnections(peer: PeerId): Connection[] };
}

/** What the transport keeps of its reservations; its type is not exported. */
interface ReservationStore {
  addRelay(peer: PeerId, type: 'configured'): Promise<unknown>;
}

/**
 * Asks the relays this node is connected to for a place, so that others reach it through them. The library's own search
 * walks the network at random for as long as it knows no relay: in a village without one, for ever.
 */
export function createRelayClient() {
  let store: ReservationStore | undefined;
  const makeTransport = circuitRelayTransport();
  const transport: typeof makeTransport = (components) => {
    const made = makeTransport(components);
    store = (made as typeof made & { readonly reservationStore: ReservationStore }).reservationStore;
    return made;
  };
  const service = (components: RelayClientComponents): Startable =>
    createReservations(components, (peer) => store?.addRelay(peer, 'configured') ?? Promise.resolve());
  return { transport, service };
}

function createReservations(
  { registrar, transportManager, connectionManager }: RelayClientComponents,
  renew: (peer: PeerId) => Promise<unknown>,
): Startable {
  /** Relays that were listened on: the listener stays when the relay goes, and a new place brings it back. */
  const relays = new Set<string>();
  const timers = new Map<string, NodeJS.Timeout>();
  let topology: string | undefined;

  const isConnected = (peer: PeerId): boolean =>
    connectionManager.getConnections(peer).some((c) => c.status === 'open' && c.limits === undefined);
  const reserve = async (peer: PeerId, attempt: number): Promise<void> => {
    const relay = peer.toString();
    if (topology === undefined || timers.has(relay) || !isConnected(peer)) return;
    if (!relays.has(relay) && relays.size >= NETWORK_LIMITS.relaysUsed) return;
    try {
      if (relays.has(relay)) await renew(peer);
      else await transportManager.listen([multiaddr(`/p2p/${relay}/p2p-circuit`)]);
      relays.add(relay);
    } catch {
      // Its places may all be taken. It is asked again for as long as it is connected.
      const timer = setTimeout(
        () => {
          timers.delete(relay);
          reserve(peer, attempt + 1).catch(() => undefined);
        },
        backoffMs(attempt, FIRST_WAIT_MS, LAST_WAIT_MS),
      );
      timers.set(relay, timer);
    }
  };
  return {
    async start() {
      topology = await registrar.register(RELAY_V2_HOP_CODEC, {
        onConnect: (peer) => {
          reserve(peer, 0).catch(() => undefined);
        },
      });
    },
    stop() {
      if (topology !== undefined) registrar.unregister(topology);
      topology = undefined;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
  };
}
