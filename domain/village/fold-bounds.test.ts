import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { KnownRecord } from '../books/record.ts';
import { closeBodyOf, leaseOf, signBodyOf } from '../settlement/settlement-fixture.ts';
import { agreementRules } from './fold-agreements.ts';
import { assetRules } from './fold-assets.ts';
import { dataGrantRules } from './fold-data-grants.ts';
import { memberRules } from './fold-members.ts';
import { networkRules } from './fold-network.ts';
import { operationRules } from './fold-operations.ts';
import { settlementRules } from './fold-settlement.ts';
import type { Apply } from './state.ts';
import { ZERO_HASH } from './state.ts';
import {
  addBodyOf,
  addMember,
  addMeter,
  assetBodyOf,
  dataGrantOf,
  foundVillage,
  joinBodyOf,
  makeDevice,
  makePerson,
  meterBodyOf,
  recoverOnce,
  sealedText,
} from './village-fixture.ts';

const village = foundVillage();
const [host, grid] = [addMember(village, 'Baraka'), addMember(village, 'Chipo')];
const meter = addMeter(village, 'mill');
const terms = leaseOf({ owner: village.founder.id, host: host.id, grid: grid.id, hostMeter: meter, neighbours: [] });
const cid = `bafy${'a'.repeat(55)}`;
const entry = village.newId('r', 'entry');

/** One good body of many kinds: what is fuzzed from near the truth gets past the first check. */
const bodies: Readonly<Record<string, object>> = {
  'village.found': village.records[0]?.body as object,
  'member.join': joinBodyOf(village, makePerson('Dalia'), makeDevice('Dalia')),
  'device.grant': { grant: village.grant(village.founder, makeDevice('phone')) },
  'member.add': addBodyOf(village, makePerson('Dalia')),
  'member.add-organisation': {
    member: village.newId('m', 'board'),
    private: sealedText('Board'),
    roles: ['consumer'],
    signatories: [host.id],
    threshold: 1,
  },
  'member.roles': { member: host.id, roles: ['consumer'] },
  'device.revoke': { device: village.device.id, last: { members: 1 }, private: sealedText('lost') },
  'network.key': {
    epoch: 1,
    key: 'ab'.repeat(8),
    sealed: [
      {
        device: village.device.id,
        ephemeral: new Uint8Array(32),
        iv: new Uint8Array(12),
        box: new Uint8Array(48),
      },
    ],
  },
  'network.seen': { epoch: 1 },
  'member.edit': { member: host.id, private: sealedText('Baraka') },
  'key.share': {
    shares: [
      {
        key: 'ab'.repeat(8),
        scope: 'members',
        sealed: [
          {
            device: village.device.id,
            ephemeral: new Uint8Array(32),
            iv: new Uint8Array(12),
            box: new Uint8Array(48),
          },
        ],
      },
    ],
  },
  'data.grant': dataGrantOf(village, meter, host.id),
  'data.revoke': { grant: village.newId('d', 'grant') },
  'asset.add': assetBodyOf(village, 'roof', village.founder, 'SN1'),
  'meter.add': meterBodyOf(village, 'home'),
  'vee.decide': { meter, fromMs: 0, action: 'accept', private: sealedText('seen') },
  'entry.add': { entry, kind: 'file', private: sealedText('march'), segments: [cid], hours: 1, wh: 1n },
  'entry.vouch': { entry, private: sealedText('the book') },
  'agreement.draft': { agreement: village.newId('g', 'lease'), version: 1, terms },
  'agreement.sign': signBodyOf(village, terms, host.id, host),
  'agreement.decline': { agreement: village.newId('g', 'lease'), party: host.id, private: sealedText('no') },
  'close.propose': closeBodyOf(village, { lanes: [{ member: host.id, index: 0, net: 0n }] }),
  'close.sign': { digest: ZERO_HASH, signer: village.founder.id, sig: village.founder.sign(ZERO_HASH) },
};
const rules: Readonly<Record<string, Apply>> = {
  ...memberRules,
  ...dataGrantRules,
  ...networkRules,
  ...assetRules,
  ...operationRules,
  ...agreementRules,
  ...settlementRules,
};

const record = village.records.at(-1) as KnownRecord;
function applyOne(kind: string, body: unknown): unknown {
  const apply = rules[kind] as Apply;
  return apply({
    state: village.fold(),
    record: { ...record, kind, body },
    author: village.founder.id,
    recover: recoverOnce,
    ledger: village.founding.chain,
    anchored: new Map(),
    electorsOf: () => 'no such close',
  });
}
const isReason = (reason: unknown) => reason === undefined || typeof reason === 'string';

const wild = fc.oneof(
  fc.anything({ withBigInt: true }),
  fc.bigInt(),
  fc.integer(),
  fc.constantFrom('9999-12', '0000-01', '1970-01', 2n ** 64n - 1n, -(2n ** 39n) - 1n, [], {}, null, '', '__proto__'),
);

describe('a rule', () => {
  test.each(Object.keys(rules))('%s says why it refuses an arbitrary body, and never throws', (kind) => {
    fc.assert(
      fc.property(wild, (body) => {
        expect(isReason(applyOne(kind, body))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test.each(Object.keys(bodies))('%s never throws when one field of a good body is replaced', (kind) => {
    const good = bodies[kind] as object;
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(good)), wild, (field, value) => {
        expect(isReason(applyOne(kind, { ...good, [field]: value }))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  const read = Object.keys(bodies).filter((kind) => kind !== 'village.found');
  test.each(read)('%s refuses a field that it does not know', (kind) => {
    expect(applyOne(kind, { ...bodies[kind], surprise: 1 })).toMatch(/^unreadable/);
  });
});

describe('a close that no ledger can hold', () => {
  const lane = (net: bigint, index = 0) => ({ member: host.id, index, net });
  const good = closeBodyOf(village);

  test.each([
    ['a net that fits no lane', { lanes: [lane(2n ** 39n), { ...lane(-(2n ** 39n), 1), member: grid.id }] }],
    ['the last month that four digits can name', { month: '9999-12' }],
    ['a month before ledgers', { month: '0000-01' }],
  ])('for %s is on hold and the village goes on', (_, wrong) => {
    const other = foundVillage();
    const bad = other.write(other.device, 'settlement', 'close.propose', { ...good, ...wrong });
    addMember(other, 'Baraka');
    expect(other.held(bad)).toBe('unreadable close');
    expect(other.fold().members.size).toBe(2);
  });
});
