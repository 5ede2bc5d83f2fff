import type { KnownRecord } from '../books/record.ts';
import { draftLease, leaseOf, settle, signBodyOf } from '../settlement/settlement-fixture.ts';
import { type Checkpoint, closeRecordsOf, genesis } from './epochs.ts';
import { foldAtCut } from './fold.ts';
import {
  addMember,
  addMeter,
  assetBodyOf,
  changeOf,
  dataGrantOf,
  foundVillage,
  join,
  keyBodyOf,
  makePerson,
  type Person,
  recoverOnce,
  sealedText,
  type TestDevice,
  type TestVillage,
} from './village-fixture.ts';

/** For tests: a village with something in every part of its state, and January settled. */
export interface SettledVillage {
  readonly village: TestVillage;
  /** Who closes accounts now, with the keys they have now. */
  readonly coordinators: readonly [Person, Person, Person];
  readonly tablet: TestDevice;
  readonly first: string;
}

const sealedTo = (device: string) => ({
  device,
  ephemeral: new Uint8Array(32).fill(1),
  iv: new Uint8Array(12).fill(2),
  box: new Uint8Array(48).fill(3),
});
const cidLike = (letter: string): string => `bafy${letter.repeat(55)}`;

export function settledVillage(): SettledVillage {
  const village = foundVillage();
  const { founder, device } = village;
  const write = (book: string, kind: string, body: object, by = device): KnownRecord =>
    village.write(by, book, kind, body);
  const { person: baraka, device: tablet } = join(village, 'Baraka', 'coordinator');
  const { person: chipo } = join(village, 'Chipo', 'coordinator');
  const dalia = addMember(village, 'Dalia');
  write('members', 'policy.coordinators', changeOf(village, [founder, baraka, chipo], 2, founder));
  const second = makePerson('Baraka, second key');
  write('members', 'member.key', keyBodyOf(village, baraka, baraka, second), tablet);
  const barakaNow = { ...second, id: baraka.id };
  write('members', 'member.add-organisation', {
    member: village.newId('m', 'board'),
    private: sealedText('Board'),
    roles: ['grid-provider'],
    signatories: [dalia.id, founder.id],
    threshold: 1,
  });
  const meter = addMeter(village, 'mill');
  write('members', 'data.grant', dataGrantOf(village, meter, dalia.id));
  write('members', 'network.key', {
    epoch: 1,
    key: 'a1'.repeat(8),
    sealed: [sealedTo(tablet.id), sealedTo(device.id)],
  });
  write('members', 'network.seen', { epoch: 1 }, tablet);
  write('members', 'key.share', {
    shares: [{ key: 'ab'.repeat(8), scope: 'members', sealed: [sealedTo(tablet.id), sealedTo(device.id)] }],
  });
  write('assets', 'asset.add', assetBodyOf(village, 'roof', founder, 'SN1'));
  write('assets', 'asset.add', assetBodyOf(village, 'roof again', founder, 'SN1'));
  const terms = leaseOf({ owner: founder.id, host: baraka.id, grid: dalia.id, hostMeter: meter, neighbours: [] });
  draftLease(village, device, terms);
  write('agreements', 'agreement.sign', signBodyOf(village, terms, founder.id, founder));
  write('segments-2012-01', 'segment.announce', {
    cid: cidLike('c'),
    day: '2012-01-02',
    root: new Uint8Array(32).fill(4),
    frames: 2,
    bytes: 900,
    fromMs: Date.UTC(2012, 0, 2),
    toMs: Date.UTC(2012, 0, 3),
    prev: null,
  });
  write('operations-2012-01', 'vee.decide', { meter, fromMs: 0, action: 'accept', private: sealedText('seen') });
  const entry = village.newId('r', 'entry');
  const added = { entry, kind: 'hand', private: sealedText('book'), segments: [cidLike('c')], hours: 2, wh: 1500n };
  write('operations-2012-01', 'entry.add', added, tablet);
  write('operations-2012-01', 'entry.vouch', { entry, private: sealedText('was there') });
  const note = write('operations-2012-01', 'note', { of: 'a later version' }, tablet);
  write('members', 'member.roles', { member: dalia.id }, tablet);
  const lanes = [
    { member: founder.id, index: 0, net: 500n },
    { member: baraka.id, index: 1, net: -500n },
  ];
  const first = settle(village, { lanes, signers: [founder, barakaNow] });
  village.write(tablet, 'operations-2012-01', 'note', { of: 'a twin' }, { twinOf: note });
  addMember(village, 'Eshe');
  const coordinators = [founder, barakaNow, chipo] as const;
  return { village, coordinators, tablet, first };
}

/** The same, with February settled too and something written since. */
export function settledTwice(): SettledVillage & { readonly second: string } {
  const january = settledVillage();
  const { village, first, coordinators } = january;
  const second = settle(village, { month: '2012-02', prev: first, signers: coordinators.slice(1) });
  addMember(village, 'Farai');
  return { ...january, second };
}

/** The checkpoint at the cut of a close that another follows, as a console comes to it that has these records. */
export function checkpointBefore(village: TestVillage, next: string, records = village.records): Checkpoint {
  const { proposals } = closeRecordsOf(records, village.founding);
  const proposal = proposals.get(next);
  const at = proposal && foldAtCut(genesis(village.id), records, proposal, recoverOnce);
  if (!at?.ok) throw new Error('the fixture made a close that nobody can follow');
  return at.base;
}
