const CIRCUIT = '/p2p-circuit';

/** Whether a connection at this address runs over a third node. */
export const isRelayed = (address: string): boolean => address.includes(CIRCUIT);
export const withoutPeer = (address: string): string => address.replace(/\/p2p\/[^/]+$/, '');
/** A relay's own name inside an address is not the peer's. */
export const withPeer = (address: string, peer: string): string =>
  /\/p2p\/[^/]+$/.test(address) ? address : `${address}/p2p/${peer}`;
/** Where a peer with a place on a relay is reached over it. */
export const throughRelay = (relayAddress: string, relay: string): string =>
  `${withPeer(relayAddress, relay)}${CIRCUIT}`;

/** An IP on which the node listens by plain TCP, one for all of the device before one of its addresses. */
export function listeningHost(addresses: readonly string[]): string | undefined {
  const hosts = addresses.flatMap((address) => /^\/ip[46]\/([^/]+)\/tcp\/\d+$/.exec(withoutPeer(address))?.[1] ?? []);
  return ['::', '0.0.0.0'].find((any) => hosts.includes(any)) ?? hosts[0];
}
