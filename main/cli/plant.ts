import { runPlant as servePlant } from '#meter-drivers/simulator/run-plant.ts';
import type { CommandCall } from './command.ts';

/** The plant reads its own arguments, because it is started as a process of its own as well. */
export function runPlant({ values }: CommandCall): Promise<number> {
  return servePlant(
    Object.entries(values).flatMap(([name, value]) => {
      if (value === true) return [`--${name}`];
      return typeof value === 'string' ? [`--${name}=${value}`] : [];
    }),
  );
}
