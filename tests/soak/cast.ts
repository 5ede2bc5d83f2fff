import { type DeviceKeys, deviceKeysFrom } from '#core/crypto/device-keys.ts';
import {
  addBodyOf,
  assetBodyOf,
  foundVillage,
  joinBodyOf,
  makeDevice,
  makePerson,
  meterBodyOf,
  type TestVillage,
} from '#domain/village/village-fixture.ts';
import type { Random } from './random.ts';

/** An act to be written as a record. */
export interface SoakAct {
  readonly book: string;
  readonly kind: string;
  readonly body: unknown;
}

/** How a console comes into the village. */
export interface Entrance {
  readonly keys: DeviceKeys;
  /** What its own first record is; undefined when it writes before anyone let it in. */
  readonly first: SoakAct | undefined;
  /** What lets it in when the founder writes it. */
  readonly grant: SoakAct | undefined;
}

const MOST_CONSOLES = 5;
const NEWCOMERS = 8;

export interface Cast {
  readonly village: string;
  /** The first founded the village, the second and third join by invitation, the others are granted later. */
  readonly entrances: readonly Entrance[];
  /** The next act of a console; its number makes it different from all others. */
  act(random: Random, number: number): SoakAct;
  revoke(device: string, last: Readonly<Record<string, number>>): SoakAct;
}

/** Made once: signing as people do takes longer than a schedule. */
export function assembleCast(): Cast {
  const village = foundVillage();
  const { founder } = village;
  const found = village.records[0]?.body;
  const entrances = Array.from({ length: MOST_CONSOLES }, (_, i) => enter(village, i, found));
  const newcomers = Array.from({ length: NEWCOMERS }, (_, i) => addBodyOf(village, makePerson(`newcomer ${i}`)));
  return {
    village: village.id,
    entrances,
    act(random, number) {
      const month = `2012-0${1 + random.int(3)}`;
      switch (random.int(8)) {
        case 0:
          return { book: 'members', kind: 'member.add', body: random.pick(newcomers) };
        case 1:
          return { book: 'assets', kind: 'meter.add', body: meterBodyOf(village, `meter ${number}`) };
        case 2:
          // Serial numbers collide, so that consoles that work apart disagree.
          return {
            book: 'assets',
            kind: 'asset.add',
            body: assetBodyOf(village, `asset ${number}`, founder, `SN${random.int(4)}`),
          };
        case 3:
          return { book: `market-${month}`, kind: 'order.sell', body: { number, wh: random.int(9000) } };
        default:
          return { book: `operations-${month}`, kind: 'note', body: { number, text: '.'.repeat(sizeOf(random)) } };
      }
    },
    revoke: (revoked, last) => ({
      book: 'members',
      kind: 'device.revoke',
      body: { device: revoked, last, reason: 'stolen' },
    }),
  };
}

/** Most records are small, some fill a frame by themselves. */
const sizeOf = (random: Random): number => (random.chance(0.1) ? random.int(60_000) : random.int(300));

function enter(village: TestVillage, i: number, found: unknown): Entrance {
  if (i === 0) {
    const first = { book: 'members', kind: 'village.found', body: found };
    return { keys: deviceKeysFrom(village.device.seed), first, grant: undefined };
  }
  const device = makeDevice(`console ${i}`);
  const keys = deviceKeysFrom(device.seed);
  if (i < 3) {
    const body = joinBodyOf(village, makePerson(`person ${i}`), device, { roles: ['coordinator'] });
    return { keys, first: { book: 'members', kind: 'member.join', body }, grant: undefined };
  }
  const body = { grant: village.grant(village.founder, device) };
  return { keys, first: undefined, grant: { book: 'members', kind: 'device.grant', body } };
}
