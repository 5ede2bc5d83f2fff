import { ed25519, x25519 } from '@noble/curves/ed25519.js';
import { computeAddress, SigningKey } from 'ethers';
import { type BookRecord, type KnownRecord, openRecord, recordBytes, type SignedRecord } from '../books/record.ts';
import { sha256, toHex, utf8 } from '../bytes.ts';
import { memberIdOf, newId } from '../ids.ts';
import { dataGrantDigest } from '../membership/data-grants.ts';
import { type Founding, villageIdOf } from '../membership/founding.ts';
import { certificateDigest, type DeviceGrant, grantDigest, joinMessage } from '../membership/grants.ts';
import type { SealedFields } from '../membership/private-fields.ts';
import type { Role } from '../membership/roles.ts';
import { type Act, actDigest, recoverSigner } from '../membership/typed-data.ts';
import { operatorsDigest } from '../settlement/batch.ts';
import { foldVillage } from './fold.ts';
import type { VillageState } from './state.ts';

/** For tests: people, devices and signed records of a village, the same on every run. */

const seedOf = (name: string): Uint8Array => sha256(utf8(`gridpact fixture ${name}`));

export interface Person {
  readonly name: string;
  readonly id: string;
  readonly address: string;
  readonly sign: (digest: string) => string;
}
export function makePerson(name: string): Person {
  const key = new SigningKey(seedOf(name));
  const address = computeAddress(key.publicKey).toLowerCase();
  return { name, id: memberIdOf(address), address, sign: (digest) => key.sign(digest).compactSerialized };
}

export interface TestDevice {
  readonly id: string;
  readonly box: string;
  readonly seed: Uint8Array;
  /** Newest record of this device in each book. */
  readonly heads: Map<string, { readonly seq: number; readonly id: string }>;
}
export function makeDevice(name: string): TestDevice {
  const seed = seedOf(`device ${name}`);
  const box = toHex(x25519.getPublicKey(sha256(seed)));
  return { id: toHex(ed25519.getPublicKey(seed)), box, seed, heads: new Map() };
}

export const signRecord = (record: BookRecord, device: TestDevice): SignedRecord => {
  const bytes = recordBytes(record);
  return { bytes, sig: ed25519.sign(bytes, device.seed) };
};
export const verifyRecord = (sig: Uint8Array, key: Uint8Array, message: Uint8Array): boolean =>
  ed25519.verify(sig, message, key);

const recovered = new Map<string, string | undefined>();
/** As a host does: a signature is recovered once. */
export function recoverOnce(digest: string, signature: string): string | undefined {
  const key = `${digest}${signature}`;
  if (!recovered.has(key)) recovered.set(key, recoverSigner(digest, signature));
  return recovered.get(key);
}

/** A private part that nobody here opens: the fold keeps it as it is. */
export const sealedText = (text: string): SealedFields => ({
  key: 'ab'.repeat(8),
  iv: sha256(utf8(text)).slice(0, 12),
  box: sha256(utf8(text)),
});

interface WriteOptions {
  readonly atMs?: number;
  /** What the author knew; by default everything that is in the book. */
  readonly seen?: readonly string[];
  /** Takes the number of this record: equivocation. */
  readonly twinOf?: KnownRecord;
}
export interface TestVillage {
  readonly id: string;
  readonly founding: Founding;
  readonly founder: Person;
  readonly device: TestDevice;
  readonly records: KnownRecord[];
  /** Clock of the next record; moves on by a second with each. */
  nowMs: number;
  write(device: TestDevice, book: string, kind: string, body: unknown, options?: WriteOptions): KnownRecord;
  fold(records?: readonly KnownRecord[], nowMs?: number): VillageState;
  /** Why the record does not count; undefined when it does. */
  held(record: KnownRecord): string | undefined;
  act(act: Act, person: Person, value: Record<string, unknown>): string;
  grant(person: Person, device: TestDevice): DeviceGrant;
  newId(letter: 'm' | 'e' | 'a' | 'g' | 'r' | 'd', name: string): string;
}

const START_MS = Date.UTC(2011, 11, 1);

function makeFounding(founder: Person, device: TestDevice): Founding {
  return {
    v: 1,
    name: 'Kisoro',
    currency: { code: 'UGX', exponent: 0 },
    zoneOffsetMin: 180,
    simulated: true,
    createdMs: START_MS,
    nonce: sha256(utf8('nonce')).slice(0, 16),
    founder: { member: founder.id, address: founder.address, roles: ['consumer'] },
    serials: '5e'.repeat(8),
    chain: { chainId: 31_337, genesis: `0x${'11'.repeat(32)}`, ledger: `0x${'22'.repeat(20)}`, device: device.id },
    debtFloor: -1_000_000n,
    reservePercent: 20,
  };
}

export function foundVillage(): TestVillage {
  const founder = makePerson('Ana');
  const device = makeDevice('Ana');
  const founding = makeFounding(founder, device);
  const village = bookVillage(founding, founder, device);
  village.write(device, 'members', 'village.found', {
    founding,
    grant: village.grant(founder, device),
    private: sealedText(founder.name),
  });
  return village;
}

function bookVillage(founding: Founding, founder: Person, device: TestDevice): TestVillage {
  const id = villageIdOf(founding);
  const records: KnownRecord[] = [];
  const heads = new Map<string, Map<string, string>>();
  const village: TestVillage = {
    id,
    founding,
    founder,
    device,
    records,
    nowMs: START_MS,
    write(author, book, kind, body, options = {}) {
      const last = author.heads.get(book);
      const twin = options.twinOf;
      const inBook = heads.get(book) ?? new Map<string, string>();
      const others = [...inBook].filter(([d]) => d !== author.id).map(([, head]) => head);
      const signed = signRecord(
        {
          v: 1,
          village: id,
          book,
          kind,
          device: author.id,
          seq: twin?.seq ?? (last ? last.seq + 1 : 0),
          prev: twin ? twin.prev : (last?.id ?? null),
          at: { ms: options.atMs ?? village.nowMs, n: 0 },
          seen: options.seen ?? others,
          body,
        },
        author,
      );
      const opened = openRecord(signed, verifyRecord);
      if (!opened.ok) throw new Error(`the fixture wrote a record that nobody accepts: ${opened.reason}`);
      village.nowMs += 1000;
      records.push(opened.record);
      if (!twin) author.heads.set(book, { seq: opened.record.seq, id: opened.record.id });
      heads.set(book, inBook.set(author.id, opened.record.id));
      return opened.record;
    },
    fold(some = records, nowMs = village.nowMs) {
      return foldVillage(id, some, { nowMs, recover: recoverOnce });
    },
    held(record) {
      return village.fold().onHold.get(record.id);
    },
    act: (act, person, value) => person.sign(actDigest(act, { village: `0x${id}`, ...value })),
    grant(person, granted) {
      const bare = { member: person.id, device: granted.id, box: granted.box, grantedMs: village.nowMs };
      return { ...bare, sig: person.sign(grantDigest(id, bare)) };
    },
    newId: (letter, name) => newId(letter, id, seedOf(name).slice(0, 16)),
  };
  return village;
}

export interface JoinOptions {
  /** Whose invitation it is; their own unless told. */
  readonly invitee?: string;
  readonly issuer?: Person;
  readonly roles?: readonly Role[];
  readonly expiresMs?: number;
}
/** Body of a join with an invitation by `issuer` (the founder unless told). */
export function joinBodyOf(village: TestVillage, person: Person, device: TestDevice, options: JoinOptions = {}) {
  const issuer = options.issuer ?? village.founder;
  const invitee = options.invitee ?? person.name;
  const invite = seedOf(`invite ${invitee}`);
  const bare = {
    invite: toHex(ed25519.getPublicKey(invite)),
    roles: [...(options.roles ?? ['consumer' as const])],
    expiresMs: options.expiresMs ?? village.nowMs + 86_400_000,
    issuer: issuer.id,
  };
  return {
    member: person.id,
    private: sealedText(person.name),
    address: person.address,
    certificate: { ...bare, sig: issuer.sign(certificateDigest(village.id, bare)) },
    inviteSig: ed25519.sign(joinMessage(village.id, person.id, person.address, device.id), invite),
    grant: village.grant(person, device),
  };
}

/** A person joins by invitation on a device of their own. */
export function join(village: TestVillage, name: string, ...roles: Role[]): { person: Person; device: TestDevice } {
  const person = makePerson(name);
  const device = makeDevice(name);
  const options = roles.length > 0 ? { roles } : {};
  village.write(device, 'members', 'member.join', joinBodyOf(village, person, device, options));
  return { person, device };
}

export const addBodyOf = (village: TestVillage, person: Person, roles: readonly Role[] = ['consumer']) => ({
  member: person.id,
  private: sealedText(person.name),
  roles,
  address: person.address,
  keySig: village.act('MemberKey', person, { member: person.id, key: person.address, number: 0 }),
});
/** A coordinator admits a person who has a key and no device. */
export function addMember(village: TestVillage, name: string, ...roles: Role[]): Person {
  const person = makePerson(name);
  village.write(
    village.device,
    'members',
    'member.add',
    addBodyOf(village, person, roles.length > 0 ? roles : undefined),
  );
  return person;
}

export function meterBodyOf(village: TestVillage, name: string, kind: 'use' | 'site' | 'generation' = 'use') {
  const [none, simulated] = [null, true];
  return {
    meter: village.newId('e', name),
    private: sealedText(name),
    kind,
    place: none,
    source: none,
    asset: none,
    member: none,
    limitW: 1000,
    manufacturer: none,
    model: none,
    simulated,
  };
}
export function addMeter(village: TestVillage, name: string, kind: 'use' | 'site' | 'generation' = 'use'): string {
  const body = meterBodyOf(village, name, kind);
  village.write(village.device, 'assets', 'meter.add', body);
  return body.meter;
}

export const assetBodyOf = (village: TestVillage, name: string, owner: Person, serial: string) => ({
  asset: village.newId('a', name),
  private: sealedText(name),
  shared: sealedText(serial),
  secret: null,
  source: 'solar' as const,
  district: null,
  print: toHex(sha256(utf8(serial))).slice(0, 32),
  capacityW: 3000,
  storageWh: null,
  owner: owner.id,
  host: null,
  simulated: true,
});

/** A change of who closes accounts, signed by one of those who close them now. */
export function changeOf(
  village: TestVillage,
  people: readonly Person[],
  threshold: number,
  signer: Person,
  epoch = 0,
) {
  const operators = people.map((p) => p.address).sort();
  const { chainId, ledger } = village.founding.chain;
  const digest = operatorsDigest({ chainId, ledger }, { village: `0x${village.id}`, epoch, operators, threshold });
  return {
    epoch,
    members: people.map((p) => p.id),
    threshold,
    operators,
    signer: signer.id,
    sig: signer.sign(digest),
  };
}

/** A member's next key, handed over by the one before. */
export function keyBodyOf(village: TestVillage, member: Person, before: Person, after: Person, number = 1) {
  const value = { member: member.id, key: after.address, number };
  return {
    member: member.id,
    address: after.address,
    number,
    sig: village.act('KeyRotation', before, value),
    keySig: village.act('MemberKey', after, value),
  };
}

/** Fisher and Yates with a seeded 32-bit generator: an arrival order. */
export function shuffle<T>(items: readonly T[], seed: number): T[] {
  const out = [...items];
  let x = seed | 1;
  for (let i = out.length - 1; i > 0; i--) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const j = (x >>> 0) % (i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T];
  }
  return out;
}

/** The founder, for the village, lets a member read a meter for a month. */
export function dataGrantOf(village: TestVillage, meter: string, to: string, fromMs = 0) {
  const { founder, nowMs } = village;
  const grant = village.newId('d', 'grant');
  const untilMs = Math.max(nowMs, fromMs) + 30 * 86_400_000;
  const signed = { grant, meters: [meter], assets: [], level: 'shared' as const, to, fromMs, untilMs };
  const sig = founder.sign(dataGrantDigest(village.id, signed));
  return { ...signed, owner: founder.id, private: sealedText('study'), signer: founder.id, sig };
}
