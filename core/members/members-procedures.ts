import { randomBytes } from 'node:crypto';
import { zoneOf } from '#core/accounts/closing.ts';
import { titleOf } from '#core/agreements/agreement-views.ts';
import type { Console } from '#core/console.ts';
import { AppError } from '#core/ports/errors.ts';
import type { Boundary } from '#core/router/boundary.ts';
import { standingOf } from '#core/sync/standing.ts';
import type { Village } from '#core/village/open-village.ts';
import { partiesOf } from '#domain/agreement/terms.ts';
import { memberIdOf, newId } from '#domain/ids.ts';
import type { Role } from '#domain/membership/roles.ts';
import { actDigest } from '#domain/membership/typed-data.ts';
import type { EnergyTotal } from '#domain/metering/vee.ts';
import { monthOf } from '#domain/time.ts';
import { agreedChain } from '#domain/village/fold-settlement.ts';
import type { RevealedMember } from '#domain/village/reveal.ts';
import { lanesOf, type VillageState } from '#domain/village/state.ts';

/** Admits a person whose key is made here, under their own PIN. */
export async function addPerson(
  village: Village,
  input: {
    readonly name: string;
    readonly phone?: string | null | undefined;
    readonly roles: readonly Role[];
    readonly pin: string;
  },
) {
  const made = await village.keystore.create(input.pin);
  const { address } = made.key;
  const member = memberIdOf(address);
  const keySig = made.key.sign(actDigest('MemberKey', { village: `0x${village.id}`, member, key: address, number: 0 }));
  made.store(member);
  const fields = village.seal('member', member, { name: input.name, phone: input.phone ?? null, note: null });
  await village.act([
    {
      book: 'members',
      kind: 'member.add',
      body: { member, private: fields, roles: [...input.roles], address, keySig },
    },
  ]);
  return { member, words: made.words };
}

export function membersProcedures(os: Boundary, console: Console) {
  const m = os.members;
  const open = (id: string): Village => console.find(id).village;
  return {
    list: m.list.handler(({ input }) => {
      const village = open(input.village);
      return { members: [...village.revealed().members.values()].map((x) => rowOf(village, x)) };
    }),
    get: m.get.handler(({ input }) => {
      const village = open(input.village);
      const member = village.revealed().members.get(input.member);
      if (!member) throw new AppError('NOT_FOUND', 'There is no such member in this village.');
      return cardOf(village, member);
    }),
    add: m.add.handler(({ input }) => addPerson(open(input.village), input)),
    addOrganisation: m.addOrganisation.handler(async ({ input }) => {
      const village = open(input.village);
      const member = newId('m', village.id, new Uint8Array(randomBytes(16)));
      const { name, roles, signatories, threshold } = input;
      const fields = village.seal('member', member, { name, phone: input.phone ?? null, note: null });
      await village.act([
        {
          book: 'members',
          kind: 'member.add-organisation',
          body: { member, private: fields, roles, signatories, threshold },
        },
      ]);
      return { member };
    }),
    edit: m.edit.handler(async ({ input }) => {
      const village = open(input.village);
      const { member, name, phone, note } = input;
      const body = { member, private: village.seal('member', member, { name, phone, note }) };
      await village.act([{ book: 'members', kind: 'member.edit', body }]);
      return {};
    }),
    setRoles: m.setRoles.handler(async ({ input }) => {
      await open(input.village).act([
        { book: 'members', kind: 'member.roles', body: { member: input.member, roles: input.roles } },
      ]);
      return {};
    }),
    rotateKey: m.rotateKey.handler(async ({ input }) => {
      const village = open(input.village);
      const number = village.state().members.get(input.member)?.keys.length ?? 0;
      const old = await village.keystore.unlock(input.member, input.pin);
      const made = await village.keystore.create(input.newPin);
      const value = { village: `0x${village.id}`, member: input.member, key: made.key.address, number };
      const body = {
        member: input.member,
        address: made.key.address,
        number,
        sig: old.sign(actDigest('KeyRotation', value)),
        keySig: made.key.sign(actDigest('MemberKey', value)),
      };
      made.storeNext(input.member);
      await village.act([{ book: 'members', kind: 'member.key', body }]);
      village.keystore.promote(input.member, made.key.address);
      return { words: made.words };
    }),
    recoverKey: m.recoverKey.handler(async ({ input }) => {
      const village = open(input.village);
      const made = await village.keystore.fromWords(input.words, input.newPin);
      const current = village.state().members.get(input.member)?.keys.at(-1)?.address;
      if (made.key.address !== current) {
        throw new AppError('BAD_WORDS', 'These words are a key, but not the present key of this member.');
      }
      made.store(input.member);
      return {};
    }),
  };
}

const balanceOf = (state: VillageState, member: string): bigint =>
  agreedChain(state.closes.values()).reduce(
    (a, c) => a + (lanesOf(state, c.digest).find((l) => l.member === member)?.net ?? 0n),
    0n,
  );

function rowOf(village: Village, member: RevealedMember) {
  const state = village.state();
  const devices = new Set([...state.devices.values()].filter((d) => d.member === member.id).map((d) => d.id));
  const heard = village.node
    .peers()
    .filter((p) => p.device !== undefined && devices.has(p.device))
    .map((p) => p.heardAt ?? 0);
  const here = member.kind === 'person' && village.keystore.has(member.id);
  return {
    id: member.id,
    name: member.name,
    kind: member.kind,
    roles: [...member.roles],
    isMe: member.id === village.row.member,
    keyHere: here,
    balanceMinor: balanceOf(state, member.id),
    meters: [...state.meters.values()].filter((x) => x.member === member.id).length,
    agreements: [...state.agreements.values()].filter((a) => partiesOf(a.terms).some((p) => p.member === member.id))
      .length,
    lastHeardAtMs: heard.length > 0 ? Math.max(...heard) : null,
    standing: standingOf(village, undefined),
  };
}

/** null for a meter of which nothing was ever told. */
const monthWhOf = (village: Village, meter: string, total: EnergyTotal | undefined): bigint | null =>
  total && village.store.lastFrames(meter, Number.MAX_SAFE_INTEGER, 1).length > 0 ? total.wh : null;

async function cardOf(village: Village, member: RevealedMember) {
  const state = village.revealed();
  const nameOf = (id: string) => ({ id, name: state.members.get(id)?.name ?? id });
  const zone = zoneOf(state);
  const month = monthOf(village.now(), zone);
  const meters = [...state.meters.values()].filter((x) => x.member === member.id);
  const energy = meters.length > 0 ? (await village.readings.energyShown([month]))(month).meters : undefined;
  return {
    ...rowOf(village, member),
    phone: member.phone,
    note: member.note,
    address: member.keys.at(-1)?.address ?? null,
    since: member.sinceMs,
    admittedBy: nameOf(member.admittedBy).name,
    signatories:
      member.kind === 'organisation' ? { members: member.signatories.map(nameOf), threshold: member.threshold } : null,
    devices: [...state.devices.values()]
      .filter((d) => d.member === member.id)
      .map((d) => ({
        id: d.id,
        grantedAtMs: d.grantedMs,
        revoked: d.revoked !== null,
        here: d.id === village.keys.id,
      })),
    meterList: meters.map((x) => ({ id: x.id, name: x.name, monthWh: monthWhOf(village, x.id, energy?.get(x.id)) })),
    agreementList: [...state.agreements.values()]
      .filter((a) => partiesOf(a.terms).some((p) => p.member === member.id))
      .map((a) => ({
        id: a.id,
        title: titleOf(state, a),
        state: a.effectiveMs !== null ? 'active' : a.declined ? 'declined' : 'offered',
      })),
    statements: agreedChain(state.closes.values()).flatMap((c) => {
      const lane = lanesOf(state, c.digest).find((l) => l.member === member.id);
      return lane
        ? [
            {
              month: c.month,
              netMinor: lane.net,
              state: c.receipt?.final ? ('final' as const) : c.receipt ? ('settled' as const) : ('signed' as const),
            },
          ]
        : [];
    }),
  };
}
