import type { DataKey } from '#core/crypto/data-key.ts';
import { blob, int, type Row, text } from './open-database.ts';

export interface RawReading {
  readonly meter: string;
  /** The instant this poll stands for. */
  readonly atMs: number;
  readonly answered: boolean;
  readonly importWh: bigint | null;
  readonly exportWh: bigint | null;
  readonly powerW: number | null;
  readonly socPercent: number | null;
}

const LABEL = 'raw-readings';
const BYTES = 33;
const HAS = { import: 1, export: 2, power: 4, soc: 8 } as const;
const NOTHING = new Uint8Array(0);

/** What a meter said, under the data key: flags, two registers (64 bit), power and charge (doubles). A silence has nothing to seal. */
export function sealReading(dataKey: DataKey, r: RawReading): Uint8Array {
  if (!r.answered) return NOTHING;
  const plain = new Uint8Array(BYTES);
  const view = new DataView(plain.buffer);
  let has = 0;
  if (r.importWh !== null) {
    has |= HAS.import;
    view.setBigInt64(1, r.importWh);
  }
  if (r.exportWh !== null) {
    has |= HAS.export;
    view.setBigInt64(9, r.exportWh);
  }
  if (r.powerW !== null) {
    has |= HAS.power;
    view.setFloat64(17, r.powerW);
  }
  if (r.socPercent !== null) {
    has |= HAS.soc;
    view.setFloat64(25, r.socPercent);
  }
  view.setUint8(0, has);
  return dataKey.seal(LABEL, plain);
}

/** That a meter was asked, and whether it answered: all that counts inside an interval. */
export const pollOf = (r: Row): RawReading => ({
  meter: text(r, 'meter'),
  atMs: int(r, 'at_ms'),
  answered: int(r, 'answered') === 1,
  importWh: null,
  exportWh: null,
  powerW: null,
  socPercent: null,
});

export function readingOf(dataKey: DataKey, r: Row): RawReading {
  const poll = pollOf(r);
  if (!poll.answered) return poll;
  const plain = dataKey.open(LABEL, blob(r, 'sealed'));
  const view = new DataView(plain.buffer, plain.byteOffset, plain.byteLength);
  const has = view.getUint8(0);
  return {
    ...poll,
    importWh: has & HAS.import ? view.getBigInt64(1) : null,
    exportWh: has & HAS.export ? view.getBigInt64(9) : null,
    powerW: has & HAS.power ? view.getFloat64(17) : null,
    socPercent: has & HAS.soc ? view.getFloat64(25) : null,
  };
}
