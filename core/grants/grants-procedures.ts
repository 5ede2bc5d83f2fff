import { randomBytes } from 'node:crypto';
import type { GrantLine } from '#api/grants.ts';
import { zoneOf } from '#core/accounts/closing.ts';
import { titleOf } from '#core/agreements/agreement-views.ts';
import type { Console } from '#core/console.ts';
import { AppError } from '#core/ports/errors.ts';
import type { Boundary } from '#core/router/boundary.ts';
import type { Village } from '#core/village/open-village.ts';
import { newId } from '#domain/ids.ts';
import { assetReadersOf, peopleOf, type Reader, type ReaderReason, readersOf } from '#domain/membership/audiences.ts';
import { type AssetLevel, dataGrantDigest } from '#domain/membership/data-grants.ts';
import { monthOf } from '#domain/time.ts';
import { mayRevokeGrant } from '#domain/village/fold-data-grants.ts';
import type { RevealedState } from '#domain/village/reveal.ts';
import { isCoordinator, type VillageState } from '#domain/village/state.ts';

export interface NewDataGrant {
  readonly meters: readonly string[];
  readonly assets: readonly string[];
  readonly level: AssetLevel;
  readonly to: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly purpose: string;
  readonly signer: string;
  readonly pin: string;
}

/** Lets a member read meters and assets until a day; the owner of the readings signs. Errors: NOT_ALLOWED, WRONG_PIN. */
export async function giveGrant(village: Village, input: NewDataGrant): Promise<string> {
  const { signer, pin, purpose, level, to, fromMs, untilMs } = input;
  if (untilMs <= village.now())
    throw new AppError('BAD_INPUT', 'The day until which they may read is over. Choose a later one.');
  const owner = ownerOf(village.state(), input);
  const key = await village.keystore.unlock(signer, pin);
  const grant = newId('d', village.id, new Uint8Array(randomBytes(16)));
  const signed = { grant, meters: [...input.meters], assets: [...input.assets], level, to, fromMs, untilMs };
  const body = {
    ...signed,
    owner,
    private: village.seal('grant', grant, { text: purpose }),
    signer,
    sig: key.sign(dataGrantDigest(village.id, signed)),
  };
  await village.act([{ book: 'members', kind: 'data.grant', body }]);
  village.notify('meters');
  return grant;
}

/** Nobody reads with this grant what is sealed from now on; keys that were given stay with those who have them. */
export async function revokeGrant(village: Village, grant: string): Promise<void> {
  await village.act([{ book: 'members', kind: 'data.revoke', body: { grant } }]);
  village.notify('meters');
}

/** The one whose readings these are: a household, an owner of assets, or for the village the coordinator who signs. */
function ownerOf(state: VillageState, { meters, assets, signer }: NewDataGrant): string {
  const owners = [
    ...meters.map((m) => state.meters.get(m)?.member ?? signer),
    ...assets.map((a) => state.assets.get(a)?.owner ?? signer),
  ];
  const [owner = signer] = owners;
  if (owners.some((o) => o !== owner))
    throw new AppError('BAD_INPUT', 'These belong to several members. Each of them lets others read their own.');
  return owner;
}

/** For whom people sign: null stands for the village. */
const signersFor = (state: VillageState, owner: string | null): readonly string[] =>
  owner !== null
    ? peopleOf(state, owner)
    : [...state.members.values()].filter((m) => isCoordinator(state, m.id)).map((m) => m.id);

interface ReadThing {
  readonly readers: readonly Reader[];
  /** Those who read more of an asset than its serial number. */
  readonly private: ReadonlySet<string> | null;
  readonly owner: string | null;
}

function readMeter(village: Village, id: string): ReadThing {
  const state = village.state();
  const meter = state.meters.get(id);
  if (!meter) throw new AppError('NOT_FOUND', 'There is no such meter in this village.');
  const nowMs = village.now();
  const readers = readersOf(state, id, monthOf(nowMs, zoneOf(state)), nowMs);
  return { readers, private: null, owner: meter.member };
}

function readAsset(village: Village, id: string): ReadThing {
  const state = village.state();
  const asset = state.assets.get(id);
  if (!asset) throw new AppError('NOT_FOUND', 'There is no such asset in this village.');
  const at = (level: AssetLevel): Reader[] => assetReadersOf(state, id, level, village.now());
  return { readers: at('shared'), private: new Set(at('private').map((r) => r.member)), owner: asset.owner };
}

function readersView(village: Village, thing: string) {
  const state = village.revealed();
  const {
    readers,
    private: more,
    owner,
  } = state.assets.has(thing) ? readAsset(village, thing) : readMeter(village, thing);
  const byMember = new Map<string, ReturnType<typeof reasonView>[]>();
  for (const { member, reason } of readers)
    byMember.set(member, [...(byMember.get(member) ?? []), reasonView(state, village.row.member, reason)]);
  return {
    readers: [...byMember].map(([member, reasons]) => ({
      member: person(state, member),
      level: more && (more.has(member) ? ('private' as const) : ('shared' as const)),
      reasons,
    })),
    signers: signersFor(village.state(), owner)
      .filter((m) => village.keystore.has(m))
      .map((m) => person(state, m)),
    log: logOf(state, thing, village.now()),
  };
}

const person = (state: RevealedState, id: string) => ({ id, name: state.members.get(id)?.name ?? id });

const reasonView = (state: RevealedState, me: string, reason: ReaderReason) => {
  if (reason.kind === 'grant') {
    const given = state.dataGrants.get(reason.grant);
    return { ...reason, mayRevoke: given !== undefined && mayRevokeGrant(state, given, me) };
  }
  if (reason.kind !== 'agreement') return reason;
  const agreement = state.agreements.get(reason.agreement);
  return { ...reason, title: agreement ? titleOf(state, agreement) : '' };
};

function logOf(state: RevealedState, thing: string, nowMs: number): GrantLine[] {
  const events = [...state.dataGrants.values()]
    .filter((g) => g.meters.includes(thing) || g.assets.includes(thing))
    .flatMap((g): GrantLine[] => {
      const [to, by] = [person(state, g.to), person(state, g.owner)];
      const level = g.assets.includes(thing) ? g.level : null;
      const base = { grant: g.id, level, to, by, fromMs: g.fromMs, untilMs: g.untilMs, purpose: g.text };
      const given = { ...base, what: 'given' as const, atMs: g.atMs };
      if (g.revoked)
        return [given, { ...base, what: 'revoked' as const, by: person(state, g.revoked.by), atMs: g.revoked.atMs }];
      return g.untilMs <= nowMs ? [given, { ...base, what: 'ended' as const, atMs: g.untilMs }] : [given];
    });
  return events
    .sort((a, b) => b.atMs - a.atMs || Number(a.what === 'given') - Number(b.what === 'given'))
    .slice(0, 200);
}

export function grantsProcedures(os: Boundary, console: Console) {
  const g = os.grants;
  const open = (id: string): Village => console.find(id).village;
  return {
    get: g.get.handler(({ input }) => readersView(open(input.village), input.thing)),
    give: g.give.handler(async ({ input }) => ({ grant: await giveGrant(open(input.village), input) })),
    revoke: g.revoke.handler(async ({ input }) => {
      await revokeGrant(open(input.village), input.grant);
      return {};
    }),
  };
}
