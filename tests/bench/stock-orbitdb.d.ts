// The rest of OrbitDB as it ships, which only the references here use.
declare module '@orbitdb/core' {
  export interface EventsDatabase<T> {
    readonly address: string;
    readonly events: {
      on(event: 'update' | 'join', listener: () => void): void;
      on(event: 'error', listener: (error: Error) => void): void;
    };
    add(value: T): Promise<string>;
    iterator(): AsyncIterable<{ readonly hash: string; readonly value: T }>;
  }
  export interface OrbitDB {
    open<T>(address: string, options?: { type?: 'events'; AccessController?: unknown }): Promise<EventsDatabase<T>>;
    stop(): Promise<void>;
  }
  export function createOrbitDB(options: { ipfs: object; id: string; directory: string }): Promise<OrbitDB>;
  export function IPFSAccessController(options: { write: readonly string[] }): unknown;
}
