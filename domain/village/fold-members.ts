import * as z from 'zod';
import type { KnownRecord } from '../books/record.ts';
import { encode, equalBytes } from '../bytes.ts';
import { addressSchema, bytesOf, deviceSchema, memberIdOf, memberSchema, signatureSchema } from '../ids.ts';
import { monthOfScope, peopleOf, scopeSchema } from '../membership/audiences.ts';
import { rolesSchema } from '../membership/founding.ts';
import {
  certificateDigest,
  checkGrant,
  type DeviceGrant,
  deviceGrantBody,
  foundBody,
  joinBody,
} from '../membership/grants.ts';
import { addBody, keyBody, newMemberFault, rotationFault } from '../membership/member-keys.ts';
import { keyIdSchema, sealedFieldsSchema } from '../membership/private-fields.ts';
import { operatorsDigest } from '../settlement/batch.ts';
import { type Apply, type FoldContext, isCoordinator, keyOf, type Member, type SealedKey, shareId } from './state.ts';

export const organisationBody = z.strictObject({
  member: memberSchema,
  private: sealedFieldsSchema,
  roles: rolesSchema.min(1),
  signatories: z.array(memberSchema).min(1).max(9),
  threshold: z.int().min(1).max(9),
});
export const rolesBody = z.strictObject({ member: memberSchema, roles: rolesSchema.min(1) });
export const revokeBody = z.strictObject({
  device: deviceSchema,
  /** Last counting seq per book; in a book not named nothing counts. */
  last: z.record(z.string().max(40), z.int().min(0)),
  private: sealedFieldsSchema,
});
export const coordinatorsBody = z.strictObject({
  epoch: z.int().min(0),
  members: z.array(memberSchema).min(1).max(16),
  threshold: z.int().min(1).max(16),
  operators: z.array(addressSchema).min(1).max(16),
  signer: memberSchema,
  /** EIP-712 Operators, with chain id and ledger. */
  sig: signatureSchema,
});
/** Most sealed keys of one record. */
export const MAX_SHARED_KEYS = 256;
const sealedKey = z.strictObject({ device: deviceSchema, ephemeral: bytesOf(32), iv: bytesOf(12), box: bytesOf(48) });
export const shareBody = z
  .strictObject({
    shares: z
      .array(
        z.strictObject({
          key: keyIdSchema,
          scope: scopeSchema,
          sealed: z.array(sealedKey).min(1).max(MAX_SHARED_KEYS),
        }),
      )
      .min(1)
      .max(MAX_SHARED_KEYS),
  })
  .refine((b) => b.shares.reduce((n, s) => n + s.sealed.length, 0) <= MAX_SHARED_KEYS, 'too many keys in one record');
export const editBody = z.strictObject({ member: memberSchema, private: sealedFieldsSchema });

function addKey(ctx: FoldContext, member: string, address: string): void {
  ctx.state.everKeys.set(member, new Set([...(ctx.state.everKeys.get(member) ?? []), address]));
}

function addMember(ctx: FoldContext, m: Omit<Member, 'sinceMs'>): void {
  ctx.state.members.set(m.id, { ...m, sinceMs: ctx.record.at.ms });
  for (const k of m.keys) addKey(ctx, m.id, k.address);
}

function addDevice(ctx: FoldContext, grant: DeviceGrant): void {
  ctx.state.devices.set(grant.device, {
    id: grant.device,
    member: grant.member,
    box: grant.box,
    grantedMs: grant.grantedMs,
    revoked: null,
    frozenFrom: null,
  });
}

const found: Apply = (ctx) => {
  if (ctx.state.founding) return 'the village is already founded';
  const grantCheck = checkGrant(ctx.state.village, ctx.record, () => false, ctx.recover);
  if (!grantCheck.ok) return grantCheck.reason;
  const { founding, grant, private: fields } = foundBody.parse(ctx.record.body);
  ctx.state.founding = founding;
  const { member, address, roles } = founding.founder;
  addMember(ctx, {
    id: member,
    private: fields,
    kind: 'person',
    roles: [...new Set([...roles, 'coordinator' as const])],
    keys: [{ address, number: 0, sinceMs: founding.createdMs, handover: null }],
    signatories: [],
    threshold: 1,
    admittedBy: member,
  });
  addDevice(ctx, grant);
  ctx.state.coordinators = { members: [member], threshold: 1, epoch: 0 };
  return undefined;
};

const join: Apply = (ctx) => {
  const { state, record } = ctx;
  const check = checkGrant(state.village, record, (m, a) => state.everKeys.get(m)?.has(a) ?? false, ctx.recover);
  if (!check.ok) return check.reason;
  const body = joinBody.parse(record.body);
  const c = body.certificate;
  if (body.member !== memberIdOf(body.address)) return 'the member id does not belong to the key';
  if (!isCoordinator(state, c.issuer)) return 'the member who invited is not a coordinator';
  if (ctx.recover(certificateDigest(state.village, c), c.sig) !== keyOf(state, c.issuer))
    return 'the invitation was signed with an old key';
  if (record.at.ms > c.expiresMs) return 'the invitation had expired';
  if (state.members.has(body.member)) return 'this member has already joined';
  if (state.devices.has(body.grant.device)) return 'the device belongs to another member';
  if (state.usedInvites.has(c.invite)) return 'the invitation was used before';
  state.usedInvites.add(c.invite);
  addMember(ctx, {
    id: body.member,
    private: body.private,
    kind: 'person',
    roles: c.roles,
    keys: [{ address: body.address, number: 0, sinceMs: record.at.ms, handover: null }],
    signatories: [],
    threshold: 1,
    admittedBy: c.issuer,
  });
  addDevice(ctx, body.grant);
  return undefined;
};

const grantDevice: Apply = (ctx) => {
  const { state, record } = ctx;
  const check = checkGrant(state.village, record, (m, a) => state.everKeys.get(m)?.has(a) ?? false, ctx.recover);
  if (!check.ok) return check.reason;
  if (check.address !== keyOf(state, check.member)) return 'the device grant was signed with an old key';
  const { grant } = deviceGrantBody.parse(record.body);
  if (state.devices.has(grant.device)) return 'the device was granted before';
  addDevice(ctx, grant);
  return undefined;
};

const add: Apply = (ctx) => {
  const body = addBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable member';
  const b = body.data;
  if (!isCoordinator(ctx.state, ctx.author)) return 'only a coordinator admits members';
  if (ctx.state.members.has(b.member)) return 'this member exists';
  const fault = newMemberFault(ctx.state.village, b, ctx.recover);
  if (fault !== undefined) return fault;
  addMember(ctx, {
    id: b.member,
    private: b.private,
    kind: 'person',
    roles: b.roles,
    keys: [{ address: b.address, number: 0, sinceMs: ctx.record.at.ms, handover: null }],
    signatories: [],
    threshold: 1,
    admittedBy: ctx.author,
  });
  return undefined;
};

const addOrganisation: Apply = (ctx) => {
  const body = organisationBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable organisation';
  const b = body.data;
  if (!isCoordinator(ctx.state, ctx.author)) return 'only a coordinator admits members';
  if (ctx.state.members.has(b.member)) return 'this member exists';
  const people = new Set(b.signatories);
  if (people.size !== b.signatories.length || b.threshold > people.size)
    return 'signatories and their number do not fit';
  if (b.signatories.some((s) => ctx.state.members.get(s)?.kind !== 'person'))
    return 'a signatory is not a person of this village';
  addMember(ctx, {
    id: b.member,
    private: b.private,
    kind: 'organisation',
    roles: b.roles,
    keys: [],
    signatories: b.signatories,
    threshold: b.threshold,
    admittedBy: ctx.author,
  });
  return undefined;
};

const setRoles: Apply = (ctx) => {
  const body = rolesBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable roles';
  if (!isCoordinator(ctx.state, ctx.author)) return 'only a coordinator changes roles';
  const m = ctx.state.members.get(body.data.member);
  if (!m) return 'no such member';
  if (ctx.state.coordinators.members.includes(m.id) && !body.data.roles.includes('coordinator'))
    return 'a member who closes accounts stays coordinator';
  ctx.state.members.set(m.id, { ...m, roles: body.data.roles });
  return undefined;
};

const rotateKey: Apply = (ctx) => {
  const body = keyBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable key';
  const b = body.data;
  const m = ctx.state.members.get(b.member);
  const last = m?.keys.at(-1);
  if (!m || !last) return 'no such member';
  if (b.number !== last.number + 1) return 'another key came first';
  const fault = rotationFault(ctx.state.village, b, ctx.recover, (address) => address === last.address);
  if (fault !== undefined) return fault;
  ctx.state.members.set(m.id, {
    ...m,
    keys: [...m.keys, { address: b.address, number: b.number, sinceMs: ctx.record.at.ms, handover: b.sig }],
  });
  addKey(ctx, m.id, b.address);
  return undefined;
};

type LastCounting = Readonly<Record<string, number>>;
/** What both revocations of a device let count: so it does not matter which of them came first. */
export const lowerOf = (a: LastCounting, b: LastCounting): LastCounting =>
  Object.fromEntries(
    Object.entries(a).flatMap(([book, seq]) => {
      const other = Object.hasOwn(b, book) ? b[book] : undefined;
      return other === undefined ? [] : [[book, Math.min(seq, other)]];
    }),
  );

const revoke: Apply = (ctx) => {
  const body = revokeBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable revocation';
  const d = ctx.state.devices.get(body.data.device);
  if (!d) return 'no such device';
  if (d.member !== ctx.author && !isCoordinator(ctx.state, ctx.author))
    return 'only its member or a coordinator revokes a device';
  // Whoever stole it would name a number that it never reaches.
  if (d.id === ctx.record.device) return 'a device does not revoke itself';
  const { last, private: reason } = body.data;
  if (!d.revoked) {
    ctx.state.devices.set(d.id, { ...d, revoked: { last, private: reason, atMs: ctx.record.at.ms } });
    return undefined;
  }
  const lower = lowerOf(d.revoked.last, last);
  if (equalBytes(encode(lower), encode(d.revoked.last))) return 'already revoked';
  ctx.state.devices.set(d.id, { ...d, revoked: { ...d.revoked, last: lower } });
  return undefined;
};

const coordinators: Apply = (ctx) => {
  const body = coordinatorsBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable change of coordinators';
  const b = body.data;
  const { state } = ctx;
  if (b.epoch !== state.coordinators.epoch) return 'the coordinators have changed since';
  const wanted = b.members.map((m) => keyOf(state, m) ?? '').sort((x, y) => (x < y ? -1 : 1));
  if (b.members.some((m) => !isCoordinator(state, m)) || wanted.join() !== b.operators.join())
    return 'a named coordinator is not one, or their key changed';
  if (b.threshold > b.members.length || new Set(b.operators).size !== b.operators.length)
    return 'the number of signatures does not fit';
  const digest = operatorsDigest(ctx.ledger, {
    village: `0x${state.village}`,
    epoch: b.epoch,
    operators: b.operators,
    threshold: b.threshold,
  });
  const address = ctx.recover(digest, b.sig);
  if (!address || address !== keyOf(state, b.signer) || !state.coordinators.members.includes(b.signer))
    return 'not signed by a present coordinator';
  let change = state.coordinatorChanges.find(
    (c) => c.epoch === b.epoch && c.threshold === b.threshold && c.operators.join() === b.operators.join(),
  );
  if (!change) {
    change = {
      epoch: b.epoch,
      members: b.members,
      threshold: b.threshold,
      operators: b.operators,
      signatures: [],
      agreed: false,
    };
    state.coordinatorChanges.push(change);
  }
  if (change.signatures.some((s) => s.address === address)) return 'already signed';
  const signatures = [...change.signatures, { address, sig: b.sig }];
  const agreed = signatures.length >= state.coordinators.threshold;
  state.coordinatorChanges[state.coordinatorChanges.indexOf(change)] = { ...change, signatures, agreed };
  if (agreed) state.coordinators = { members: b.members, threshold: b.threshold, epoch: b.epoch + 1 };
  return undefined;
};

/** A coordinator, the member, or a signatory of the organisation it is. */
const edit: Apply = (ctx) => {
  const body = editBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable change of a member';
  const m = ctx.state.members.get(body.data.member);
  if (!m) return 'no such member';
  if (!isCoordinator(ctx.state, ctx.author) && !peopleOf(ctx.state, m.id).includes(ctx.author))
    return 'only the member or a coordinator changes this';
  ctx.state.members.set(m.id, { ...m, private: body.data.private });
  return undefined;
};

/** A body never changes, and a fold reads all that lie outside the last checkpoint again. */
const readShares = new WeakMap<KnownRecord, z.infer<typeof shareBody> | 'unreadable'>();
function sharesIn(record: KnownRecord): z.infer<typeof shareBody> | 'unreadable' {
  const known = readShares.get(record);
  if (known) return known;
  const read = shareBody.safeParse(record.body).data ?? 'unreadable';
  readShares.set(record, read);
  return read;
}

const share: Apply = (ctx) => {
  const body = sharesIn(ctx.record);
  if (body === 'unreadable') return 'unreadable key share';
  for (const { key, scope, sealed } of body.shares) {
    const month = monthOfScope(scope);
    if (ctx.record.book !== (month === undefined ? 'members' : `segments-${month}`))
      return 'the key is in another book';
    const id = shareId(scope, key);
    const shares = new Map<string, ReadonlyMap<string, SealedKey>>(ctx.state.keyShares.get(id));
    for (const s of sealed) {
      // Nobody but its device can tell a share from noise, so one of each author is kept: none can stand in another's way.
      const ofDevice = shares.get(s.device) ?? new Map<string, SealedKey>();
      if (!ofDevice.has(ctx.record.device)) shares.set(s.device, new Map(ofDevice).set(ctx.record.device, s));
    }
    ctx.state.keyShares.set(id, shares);
  }
  return undefined;
};

/** The rules of key shares: those of a month's readings lie beside them. */
export const shareRules: Readonly<Record<string, Apply>> = { 'key.share': share };

export const memberRules: Readonly<Record<string, Apply>> = {
  'village.found': found,
  'member.join': join,
  'device.grant': grantDevice,
  'member.add': add,
  'member.add-organisation': addOrganisation,
  'member.edit': edit,
  'member.roles': setRoles,
  'member.key': rotateKey,
  'device.revoke': revoke,
  'policy.coordinators': coordinators,
  ...shareRules,
};
