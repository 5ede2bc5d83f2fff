import type { ControlReply, ControlRequest } from './control-protocol.ts';
import { createDeviceImage, type DeviceImage } from './device-image.ts';
import { TARGET_SILENT, type UnitAnswer } from './modbus-server.ts';
import { createPlantClock } from './plant-clock.ts';
import type { MeterState, PlantMeter, PlantSource } from './plant-source.ts';

export interface Plant {
  /** A Modbus read of holding registers. */
  readonly answer: (unit: number, address: number, words: number) => UnitAnswer;
  /** A request on the control channel. */
  readonly handle: (request: ControlRequest) => ControlReply;
}

interface Unit {
  readonly meter: PlantMeter;
  readonly image: DeviceImage;
  silenced: boolean;
  /** Registers the source had when the meter was last reset by hand. */
  resetFrom: { importWh: bigint; exportWh: bigint };
}

const less = (value: bigint, base: bigint): bigint => (value > base ? value - base : 0n);

/** The devices of a plant: a source of energy seen through meters, a clock, and faults made by hand. */
export function createPlant(options: {
  readonly key: string;
  readonly source: PlantSource;
  /** How a silent meter looks: the gateway answers "target failed to respond", or nothing comes back at all. */
  readonly silence: 'exception' | 'no-answer';
  readonly realNow: () => number;
}): Plant {
  const { source } = options;
  const clock = createPlantClock(source.fromMs, options.realNow);
  const units = new Map<number, Unit>(
    source.meters.map((meter) => {
      const image = createDeviceImage(meter, options.key);
      return [meter.unit, { meter, image, silenced: false, resetFrom: { importWh: 0n, exportWh: 0n } }];
    }),
  );
  const silent: UnitAnswer = options.silence === 'exception' ? { exception: TARGET_SILENT } : { silent: true };

  const shown = (unit: Unit, atMs: number): MeterState => {
    const state = source.stateAt(unit.meter.unit, atMs);
    return {
      ...state,
      importWh: less(state.importWh, unit.resetFrom.importWh),
      exportWh: less(state.exportWh, unit.resetFrom.exportWh),
      answers: state.answers && !unit.silenced,
    };
  };

  const stateReply = (id: number): ControlReply => {
    const atMs = clock.now();
    const meters = [...units.values()].map((unit) => {
      const { importWh, exportWh, ...rest } = shown(unit, atMs);
      return { unit: unit.meter.unit, importWh: importWh.toString(), exportWh: exportWh.toString(), ...rest };
    });
    return { id, atMs, meters };
  };

  const refuse = (id: number, code: string, message: string): ControlReply => ({ id, error: { code, message } });

  return {
    answer(unitId, address, words) {
      const unit = units.get(unitId);
      if (!unit) return silent;
      const state = shown(unit, clock.now());
      return state.answers ? unit.image.read(state, address, words) : silent;
    },
    handle(request) {
      const { id } = request;
      if ('state' in request) return stateReply(id);
      if ('set' in request) {
        const { atMs } = request.set;
        if (!clock.set(atMs)) {
          return refuse(id, 'CLOCK_BACKWARD', `The plant is already at ${clock.now()}; its clock only goes forward.`);
        }
        // A leap over months takes a while to compute: do it before the reply, not while a meter is being read.
        for (const unit of units.keys()) source.stateAt(unit, atMs);
        return { id, atMs };
      }
      if ('run' in request) {
        clock.run(request.run.speed);
        return { id, atMs: clock.now() };
      }
      const unit = units.get(request.fault.meter);
      if (!unit) return refuse(id, 'NO_SUCH_METER', `The plant has no unit ${request.fault.meter}.`);
      if (request.fault.silent !== undefined) unit.silenced = request.fault.silent;
      if (request.fault.reset) {
        const { importWh, exportWh } = source.stateAt(unit.meter.unit, clock.now());
        unit.resetFrom = { importWh, exportWh };
      }
      return { id, atMs: clock.now() };
    },
  };
}
