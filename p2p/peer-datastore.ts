import { LevelDatastore } from 'datastore-level';

type Key = Parameters<LevelDatastore['put']>[0];

/** What others ask the table of peers to keep for them. */
const OF_OTHERS = ['/dht/record/', '/dht/provider/'];

/** libp2p's data on this disk. The table of peers is used to find peers; values and offers of others are not kept. */
export class PeerDatastore extends LevelDatastore {
  override async put(key: Key, value: Uint8Array): Promise<Key> {
    if (OF_OTHERS.some((prefix) => key.toString().startsWith(prefix))) return key;
    return super.put(key, value);
  }
}
