import type { UnitAnswer } from './modbus-server.ts';
import { ILLEGAL_ADDRESS } from './modbus-server.ts';
import type { MeterState, PlantMeter } from './plant-source.ts';

/** Every text field of every simulated device says so. */
const SIMULATED_MAKER = 'Gridpact simulated';

/** A run of registers that exist; reads outside all runs are refused as on a real device. */
interface ImageBlock {
  readonly address: number;
  readonly words: Uint16Array;
}

export interface DeviceImage {
  read(state: MeterState, address: number, count: number): UnitAnswer;
}

const NOT_IMPLEMENTED = 0x8000;

const toWords = (text: string, words: number): number[] => {
  const bytes = Buffer.alloc(words * 2);
  bytes.write(text.slice(0, words * 2), 'utf8');
  return Array.from({ length: words }, (_, i) => bytes.readUInt16BE(2 * i));
};

const writeUint32 = (words: Uint16Array, offset: number, value: bigint): void => {
  words[offset] = Number((value >> 16n) & 0xffffn);
  words[offset + 1] = Number(value & 0xffffn);
};

const writeInt64 = (words: Uint16Array, offset: number, value: bigint): void => {
  const bits = BigInt.asUintN(64, value);
  writeUint32(words, offset, bits >> 32n);
  writeUint32(words, offset + 2, bits & 0xffff_ffffn);
};

const writeFloat32 = (words: Uint16Array, offset: number, value: number): void => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatBE(value);
  words[offset] = bytes.readUInt16BE(0);
  words[offset + 1] = bytes.readUInt16BE(2);
};

/** Writes a power in W as int16 with the smallest power of ten that fits. */
const writeScaledWatts = (words: Uint16Array, offset: number, factorOffset: number, watts: number): void => {
  let factor = 0;
  while (Math.abs(watts) / 10 ** factor > 32_767) factor += 1;
  words[offset] = Math.round(watts / 10 ** factor) & 0xffff;
  words[factorOffset] = factor;
};

function createImage(blocks: readonly ImageBlock[], refresh: (state: MeterState) => void): DeviceImage {
  return {
    read(state, address, count) {
      for (const block of blocks) {
        const start = address - block.address;
        if (start < 0 || start + count > block.words.length) continue;
        refresh(state);
        return { words: [...block.words.subarray(start, start + count)] };
      }
      return { exception: ILLEGAL_ADDRESS };
    },
  };
}

const SUNSPEC_BASE = 40_000;
const COMMON_AT = 2;
const METER_AT = COMMON_AT + 68;
const AFTER_METER = METER_AT + 107;

/** SunSpec models 1 and 203, and 802 for a battery. Offsets from github.com/sunspec/models. */
function createSunSpecImage(meter: PlantMeter, serial: string): DeviceImage {
  const isBattery = meter.source === 'battery';
  const words = new Uint16Array(AFTER_METER + (isBattery ? 64 : 0) + 2);
  words.set([0x5375, 0x6e53, 1, 66]);
  words.set(toWords(SIMULATED_MAKER, 16), COMMON_AT + 2);
  words.set(toWords(`Simulated meter 203 ${meter.name}`, 16), COMMON_AT + 18);
  words.set(toWords('simulated', 8), COMMON_AT + 34);
  words.set(toWords('simulated', 8), COMMON_AT + 42);
  words.set(toWords(serial, 16), COMMON_AT + 50);
  words[COMMON_AT + 66] = meter.unit;
  words.set([203, 105], METER_AT);
  words.fill(NOT_IMPLEMENTED, METER_AT + 2, METER_AT + 38);
  words.set([2300, 2300, 2300, 2300], METER_AT + 7);
  words[METER_AT + 15] = 0xffff; // V_SF -1
  words[METER_AT + 16] = 500;
  words[METER_AT + 17] = 0xffff; // Hz_SF -1
  words[METER_AT + 54] = 0; // TotWh_SF
  words[METER_AT + 71] = NOT_IMPLEMENTED;
  words[METER_AT + 104] = NOT_IMPLEMENTED;
  if (isBattery) {
    words.fill(0xffff, AFTER_METER, AFTER_METER + 52);
    words.fill(NOT_IMPLEMENTED, AFTER_METER + 52, AFTER_METER + 64);
    words.set([802, 62], AFTER_METER);
    words[AFTER_METER + 56] = 0xffff; // SoC_SF -1
    words.fill(0, AFTER_METER + 26, AFTER_METER + 34); // no events
  }
  words.set([0xffff, 0], words.length - 2);
  return createImage([{ address: SUNSPEC_BASE, words }], (state) => {
    writeScaledWatts(words, METER_AT + 18, METER_AT + 22, state.powerW);
    writeUint32(words, METER_AT + 38, state.exportWh & 0xffff_ffffn);
    writeUint32(words, METER_AT + 46, state.importWh & 0xffff_ffffn);
    if (isBattery && state.socPercent !== null) {
      words[AFTER_METER + 11] = Math.round(state.socPercent * 10);
      writeScaledWatts(words, AFTER_METER + 47, AFTER_METER + 63, state.powerW);
    }
  });
}

/** The registers of a Schneider iEM3000 that its template reads; addresses as in schneider-iem3000.yaml. */
function createIem3000Image(meter: PlantMeter): DeviceImage {
  const texts = new Uint16Array(60);
  texts.set(toWords(`Simulated ${meter.name}`, 20), 0);
  texts.set(toWords('iEM3155 simulated', 20), 20);
  texts.set(toWords(SIMULATED_MAKER, 20), 40);
  const serial = new Uint16Array(2);
  writeUint32(serial, 0, BigInt(7_000_000 + meter.unit));
  const power = new Uint16Array(2);
  const energy = new Uint16Array(8);
  const blocks = [
    { address: 29, words: texts },
    { address: 129, words: serial },
    { address: 3059, words: power },
    { address: 3203, words: energy },
  ];
  return createImage(blocks, (state) => {
    writeFloat32(power, 0, state.powerW / 1000);
    writeInt64(energy, 0, state.importWh);
    writeInt64(energy, 4, state.exportWh);
  });
}

export const createDeviceImage = (meter: PlantMeter, plantKey: string): DeviceImage =>
  meter.model === 'sunspec-meter'
    ? createSunSpecImage(meter, `SIM-${plantKey.slice(0, 20)}-${String(meter.unit).padStart(3, '0')}`)
    : createIem3000Image(meter);
