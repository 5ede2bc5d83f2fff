import type { Connection, Libp2p } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { isRelayed } from './addresses.ts';

export const isDirect = ({ remoteAddr }: Pick<Connection, 'remoteAddr'>): boolean => !isRelayed(remoteAddr.toString());

/** Of the open connections to a peer a direct one before one over a relay. */
export const bestConnection = (libp2p: Pick<Libp2p, 'getConnections'>, peer: string): Connection | undefined =>
  libp2p
    .getConnections(peerIdFromString(peer))
    .filter(({ status }) => status === 'open')
    .sort((a, b) => Number(isDirect(b)) - Number(isDirect(a)))[0];
