import { randomBytes } from 'node:crypto';
import { draftAgreement } from '#core/agreements/agreements-procedures.ts';
import { giveGrant } from '#core/grants/grants-procedures.ts';
import { addPerson } from '#core/members/members-procedures.ts';
import { importReadings, readLoggerFile, vouchFor } from '#core/metering/import-readings.ts';
import { addAsset, addMeter } from '#core/metering/meters-procedures.ts';
import { sealUntil } from '#core/metering/sealing.ts';
import { newId } from '#domain/ids.ts';
import { DAY_MS, HOUR_MS } from '#domain/time.ts';
import { command, found, PIN, type TestConsole } from '../core/consoles.ts';
import { FIRST_DAY_MS } from '../core/months.ts';
import { homeMeter } from '../core/plant.ts';
import type { Known } from './plain-traces.ts';

const FOUNDER = 'Nakalembe Zawadi';
const MEMBER = 'Otieno Wafula';
const BOARD = 'Bukomero Water Board';
const REGISTER_WH = 0x51_c3_7e_a9_2d_66n;
/** Said, and not taken into the books. */
export const REFUSED = 'the blue exercise book page 9';
export const HIDDEN: Known = {
  texts: [
    FOUNDER,
    MEMBER,
    BOARD,
    '+256 772 918 273',
    'speaks Lusoga only',
    'Posho mill of Zziwa',
    'QX-77120-ZK',
    'Roof of Lwamata dispensary',
    'JKM-990-ALPHA-7',
    'behind the mosque in Kiyuni',
    'PPA 417 with Ssemakula',
    'the rent is too high for us',
    'the welder was here that morning',
    'logger of Wafula.csv',
    REFUSED,
    'study of evening cooking',
    '127.77.13.99',
  ],
  registersWh: [REGISTER_WH, REGISTER_WH + 311n, 0x6b_90_1f_44_d8_02n],
  powersW: [4321.9876],
};

/** On a console: a village in which every private thing there is was said once, and what it read was sealed. */
export async function makeHiddenVillage(on: TestConsole): Promise<{ readonly meter: string; readonly member: string }> {
  const { open } = await found(on, FOUNDER);
  const { village } = open;
  const { member } = await addPerson(village, { name: MEMBER, roles: ['consumer'], pin: PIN });
  const client = on.client();
  const at = { village: village.id };
  await client.members.edit({
    ...command(),
    ...at,
    member,
    name: MEMBER,
    phone: '+256 772 918 273',
    note: 'speaks Lusoga only',
  });
  await client.members.addOrganisation({
    ...command(),
    ...at,
    name: BOARD,
    roles: ['owner'],
    signatories: [member],
    threshold: 1,
  });
  const address = { model: 'schneider-iem3000', host: '127.77.13.99', port: 1, unit: 1 };
  const meter = await addMeter(on.console(), open, homeMeter('Posho mill of Zziwa', member), address, {
    evenIfSilent: true,
  });
  const second = newId('e', village.id, new Uint8Array(randomBytes(16)));
  const body = {
    meter: second,
    private: village.seal('meter', second, { name: 'second', serial: 'QX-77120-ZK' }),
    kind: 'use',
    place: 'home',
    source: null,
    asset: null,
    member,
    limitW: 1000,
    manufacturer: null,
    model: null,
    simulated: true,
  };
  await village.act([{ book: 'assets', kind: 'meter.add', body }]);
  await addAsset(open, {
    name: 'Roof of Lwamata dispensary',
    source: 'solar',
    serial: 'JKM-990-ALPHA-7',
    district: null,
    place: 'behind the mosque in Kiyuni',
    contract: 'PPA 417 with Ssemakula',
    capacityW: 3000,
    storageWh: null,
    owner: member,
    host: null,
    simulated: true,
  });
  await read(on, meter);
  await decide(on, meter, member);
  return { meter, member };
}

async function read(on: TestConsole, meter: string): Promise<void> {
  const { village } = on.open();
  for (let hour = 0; hour <= 24; hour++) {
    const importWh = REGISTER_WH + BigInt(hour) * 311n;
    const atMs = FIRST_DAY_MS + hour * HOUR_MS;
    village.store.addReadings([
      { meter, atMs, answered: true, importWh, exportWh: 0x6b_90_1f_44_d8_02n, powerW: 4321.9876, socPercent: null },
    ]);
  }
  on.clock.atMs = FIRST_DAY_MS + DAY_MS + HOUR_MS;
  await sealUntil(village, on.clock.atMs, HOUR_MS);
}

async function decide(on: TestConsole, meter: string, member: string): Promise<void> {
  const { village } = on.open();
  const client = on.client();
  const at = { village: village.id };
  const reason = 'the welder was here that morning';
  await client.meters.decide({ ...command(), ...at, meter, fromMs: FIRST_DAY_MS, action: 'accept', reason });
  const file = readLoggerFile('logger of Wafula.csv', 'hour,a\n2026-03-03 00:00:00,5\n', { offsetMin: 180 });
  const control = { progress: () => undefined, signal: new AbortController().signal };
  const { entry } = await importReadings(village, 'logger of Wafula.csv', file, { a: meter }, control);
  // Nobody vouches for their own: the attempt is refused and leaves nothing either.
  await vouchFor(village, entry, REFUSED).catch(() => undefined);
  const grid = (await addPerson(village, { name: 'Grid', roles: ['grid-provider'], pin: PIN })).member;
  const owner = (await addPerson(village, { name: 'Owner', roles: ['owner'], pin: PIN })).member;
  const agreement = await draftAgreement(village, {
    kind: 'host-lease',
    owner,
    host: village.row.member,
    grid,
    asset: null,
    hostMeter: meter,
    neighbours: [],
    hostPrice: 200n,
    rentBp: 0,
    neighbourPrice: 0n,
    wheelingPrice: 0n,
    ownerShareBp: 0,
    from: '2026-04',
    months: 144,
    after: 'returns-to-owner',
  });
  const { member: party } = village.row;
  await client.agreements.decline({ ...command(), ...at, agreement, party, reason: 'the rent is too high for us' });
  await giveGrant(village, {
    meters: [meter],
    assets: [],
    level: 'shared',
    to: grid,
    fromMs: 0,
    untilMs: village.now() + 30 * DAY_MS,
    purpose: 'study of evening cooking',
    signer: member,
    pin: PIN,
  });
}
