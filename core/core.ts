import type { AnyRouter } from '@orpc/server';
import type { Clock } from './ports/clock.ts';
import type { MeterDriver } from './ports/meter-driver.ts';
import type { StartPlant } from './ports/plant.ts';
import type { SecretVault } from './ports/secret-vault.ts';
import type { ChainHost } from './ports/settlement-chain.ts';
import type { StartVillageNode } from './ports/village-node.ts';

/** Who is at the other end of a line: the console's own operator, or someone who may only look. */
export interface Session {
  readonly kind: 'operator' | 'viewer';
}

export interface CoreOptions {
  readonly dir: string;
  readonly host: 'electron' | 'gateway' | 'command-line';
  readonly version: string;
  readonly clock: Clock;
  readonly startNode: StartVillageNode;
  /** A chain for one village, with its state below `dir`. */
  readonly createChainHost: (options: { readonly dir: string; readonly rpcUrl?: string }) => ChainHost;
  readonly driver: MeterDriver;
  readonly startPlant: StartPlant;
  /** Multiaddrs to listen on. */
  readonly listen: readonly string[];
  readonly mdns: boolean;
  /** Carry connections of consoles that cannot reach each other; for one with an address on the internet. */
  readonly relay?: boolean;
  /** Passphrase of the data key; without one (and without safe storage) keys lie in files only the user can read. */
  readonly passphrase?: string;
  /** Who remembers that passphrase; a person unless told. */
  readonly passphraseKeeper?: 'passphrase' | 'safe-storage';
  /** Gives the secret that wraps the data key instead of a passphrase. */
  readonly vault?: SecretVault;
  readonly log: (line: string) => void;
  /** Length of a metering interval; 3600000 unless told. */
  readonly stepMs?: number;
  /** How often meters are asked; 60000 unless told. */
  readonly pollMs?: number;
  /** false: meters are asked only when told to, and a demo's plant is not started by itself. */
  readonly autoPoll?: boolean;
}

export interface Core {
  /** oRPC router that implements api/contract.ts; its context is what {@link Core.context} makes. */
  readonly router: AnyRouter;
  context(session: Session): CoreContext;
  stop(): Promise<void>;
}

export interface CoreContext {
  readonly session: Session;
}
