import { createCipheriv } from 'node:crypto';
import { cidOf, encode } from '#domain/bytes.ts';

export interface VillageDay {
  readonly cid: string;
  readonly bytes: number;
  readonly block: Uint8Array;
}

const METERS = 200;
/** A sealed frame with 96 intervals: 946 bytes of registers and polls, and the tag of its seal. */
const BOX_BYTES = 962;
const DEVICE = 'd0'.repeat(32);

/** Bytes that no compression makes smaller, the same in every process. */
function createNoise(day: number): (bytes: number) => Uint8Array {
  const iv = Buffer.alloc(16);
  iv.writeUInt32BE(day);
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 7), iv);
  return (bytes) => new Uint8Array(cipher.update(new Uint8Array(bytes)));
}

/** What one gateway seals in a day of 200 meters at 15 minutes: shape and size are true, the sealed bytes are noise. */
function makeVillageDay(day: number): VillageDay {
  const noise = createNoise(day);
  const frames = Array.from({ length: METERS }, (_, i) => ({
    meter: `e${String(i).padStart(20, '0')}`,
    key: '0123456789abcdef',
    iv: noise(12),
    box: noise(BOX_BYTES),
    leaf: noise(32),
    sig: noise(64),
  }));
  const block = encode({ v: 1, village: 'a0'.repeat(32), device: DEVICE, day: '2026-01-01', prev: null, frames });
  return { cid: cidOf(block), bytes: block.length, block };
}

export const makeVillageDays = (count: number): VillageDay[] =>
  Array.from({ length: count }, (_, day) => makeVillageDay(day));
