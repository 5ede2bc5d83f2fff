import { AppError } from '#core/ports/errors.ts';
import { plantCommand } from '#main/start-plant.ts';
import { type RunningPlant, spawnPlant } from '#meter-drivers/simulator/plant-client.ts';

export interface DemoPlantOptions {
  readonly site: string;
  readonly from: string;
  readonly days: number;
  readonly zoneOffsetMin: number;
}

/** The demo's plant, started again on the same Modbus port when its process died: its registers follow from its clock. */
export interface DemoPlant {
  readonly meters: RunningPlant['meters'];
  readonly modbusPort: number;
  /** Where its clock is led; another one after a restart. */
  readonly controlPort: number;
  setTime(atMs: number): Promise<void>;
  /** Runs work that needs the plant, and runs it again with a new plant when the old one died under it. */
  withPlant<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

const MOST_RESTARTS = 5;

export async function startDemoPlant(options: DemoPlantOptions, say: (line: string) => void): Promise<DemoPlant> {
  let running = await spawnPlant({ ...options, ...plantCommand() });
  const { meters, ports } = running;
  const restart = async (): Promise<void> => {
    await running.stop();
    say('The simulated plant died and starts again.');
    running = await spawnPlant({ ...options, port: ports.modbus, ...plantCommand() });
  };
  return {
    meters,
    modbusPort: ports.modbus,
    get controlPort() {
      return running.ports.control;
    },
    setTime: async (atMs) => void (await running.control.set(atMs)),
    async withPlant(work) {
      for (let restarts = 0; ; restarts++) {
        try {
          return await work();
        } catch (e) {
          if (!(e instanceof AppError) || e.code !== 'PLANT_GONE' || restarts >= MOST_RESTARTS) throw e;
          await restart();
        }
      }
    },
    stop: () => running.stop(),
  };
}
