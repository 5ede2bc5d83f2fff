import * as z from 'zod';
import { addressSchema, bytesOf, deviceSchema, memberIdOf, memberSchema, signatureSchema, textSchema } from '../ids.ts';
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
import { operatorsDigest } from '../settlement/batch.ts';
import { type Apply, type FoldContext, isCoordinator, keyOf, type Member, type SealedKey } from './state.ts';

export const organisationBody = z.strictObject({
  member: memberSchema,
  name: textSchema(80),
  roles: rolesSchema.min(1),
  signatories: z.array(memberSchema).min(1).max(9),
  threshold: z.int().min(1).max(9),
});
export const rolesBody = z.strictObject({ member: memberSchema, roles: rolesSchema.min(1) });
export const revokeBody = z.strictObject({
  device: deviceSchema,
  /** Last counting seq per book; in a book not named nothing counts. */
  last: z.record(z.string().max(40), z.int().min(0)),
  reason: textSchema(400),
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
export const shareBody = z.strictObject({
  key: z.string().regex(/^[0-9a-f]{16}$/),
  scope: z.string().regex(/^\d{4}-\d{2}$/),
  sealed: z
    .array(
      z.strictObject({
        device: deviceSchema,
        ephemeral: bytesOf(32),
        iv: bytesOf(12),
        box: bytesOf(48),
      }),
    )
    .min(1)
    .max(256),
});

function addKey(ctx: FoldContext, member: string, address: string): void {
  const keys = ctx.state.everKeys.get(member) ?? new Set();
  keys.add(address);
  ctx.state.everKeys.set(member, keys);
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
  const { founding, grant } = foundBody.parse(ctx.record.body);
  ctx.state.founding = founding;
  const { member, name, address, roles } = founding.founder;
  addMember(ctx, {
    id: member,
    name,
    kind: 'person',
    roles: [...new Set([...roles, 'coordinator' as const])],
    keys: [{ address, number: 0, sinceMs: founding.createdMs }],
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
    name: body.name,
    kind: 'person',
    roles: c.roles,
    keys: [{ address: body.address, number: 0, sinceMs: record.at.ms }],
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
    name: b.name,
    kind: 'person',
    roles: b.roles,
    keys: [{ address: b.address, number: 0, sinceMs: ctx.record.at.ms }],
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
    name: b.name,
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
    keys: [...m.keys, { address: b.address, number: b.number, sinceMs: ctx.record.at.ms }],
  });
  addKey(ctx, m.id, b.address);
  return undefined;
};

const revoke: Apply = (ctx) => {
  const body = revokeBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable revocation';
  const d = ctx.state.devices.get(body.data.device);
  if (!d) return 'no such device';
  if (d.member !== ctx.author && !isCoordinator(ctx.state, ctx.author))
    return 'only its member or a coordinator revokes a device';
  if (d.revoked) return 'already revoked';
  ctx.state.devices.set(d.id, {
    ...d,
    revoked: { last: body.data.last, reason: body.data.reason, atMs: ctx.record.at.ms },
  });
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

const share: Apply = (ctx) => {
  const body = shareBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable key share';
  const shares = ctx.state.keyShares.get(body.data.key) ?? new Map<string, Map<string, SealedKey>>();
  for (const s of body.data.sealed) {
    // Nobody but its device can tell a share from noise, so one of each author is kept: none can stand in another's way.
    const ofDevice = shares.get(s.device) ?? new Map<string, SealedKey>();
    if (!ofDevice.has(ctx.record.device)) shares.set(s.device, ofDevice.set(ctx.record.device, s));
  }
  ctx.state.keyShares.set(body.data.key, shares);
  return undefined;
};

export const memberRules: Readonly<Record<string, Apply>> = {
  'village.found': found,
  'member.join': join,
  'device.grant': grantDevice,
  'member.add': add,
  'member.add-organisation': addOrganisation,
  'member.roles': setRoles,
  'member.key': rotateKey,
  'device.revoke': revoke,
  'policy.coordinators': coordinators,
  'key.share': share,
};
