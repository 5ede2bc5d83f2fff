/** What one node grants others. A stranger holds the network key, but no device grant: it may be about to join. */
export const NETWORK_LIMITS = {
  /** Far above what granted devices and strangers may have together, so that strangers never use it up. */
  connections: 400,
  /** Connections that are still shaking hands, in all and from one host. */
  pending: 64,
  pendingPerHost: 16,
  /** New connections a second from one host. */
  openedPerHostPerSecond: 20,
  handshakeMs: 10_000,
  /** Connections of one granted device: a relayed one, a direct one, and one that replaces it. */
  connectionsPerPeer: 4,
  strangers: 8,
  strangersPerHost: 4,
  /** When all their places are taken, the one that has been here longest, and at least this long, makes room. */
  strangerStaysMs: 30_000,
  strangerBytesPerSecond: 128 * 1024,
  streamsPerConnection: 256,
  /**
   * Records of its own that one granted device may hand over at once, and in a day beyond that. A gateway that seals
   * every quarter of an hour has 350,000 after ten years.
   */
  ownRecords: 400_000,
  ownRecordsPerDay: 20_000,
  dhtStreams: 16,
  /** Sockets for blocks beside the connection of a granted device, and how long what lets one in is good. */
  channelsPerPeer: 4,
  channelTokenMs: 5000,
  /** A relay for others: places, and what one relayed connection may carry, in bytes and ms, before it is dialled anew. */
  relayReservations: 64,
  relayHopStreams: 32,
  relayBytes: 8n * 1024n ** 3n,
  relayMs: 12 * 3_600_000,
  /** Relays on which this node asks to be reached. */
  relaysUsed: 3,
} as const;
