import type { Chains } from '../books/chains.ts';
import type { Layered, LayeredMap } from '../layered-map.ts';
import type { Checkpoint } from './epochs.ts';
import { type Growing, SHELVES } from './shelves.ts';
import { restate, type VillageState } from './state.ts';

/** Everything of a checkpoint that grows with every month: collections of its state, and the chains of its records. */
export type GrownKind = Growing | 'chains';
export const GROWN_KINDS = [...(Object.keys(SHELVES) as Growing[]), 'chains'] as const satisfies readonly GrownKind[];

export type GrownValue<K extends GrownKind> =
  (K extends Growing ? VillageState[K] : Chains) extends LayeredMap<infer V> ? V : never;

export const grownIn = ({ state, chains }: Checkpoint, kind: GrownKind): Layered<unknown> =>
  kind === 'chains' ? chains : state[kind];

export type Restand = <V>(map: LayeredMap<V>, kind: GrownKind) => LayeredMap<V>;
/** The checkpoint with each of these collections replaced. */
export const restand = (checkpoint: Checkpoint, replace: Restand): Checkpoint => ({
  ...checkpoint,
  state: restate(checkpoint.state, replace),
  chains: replace(checkpoint.chains, 'chains'),
});
