import { peopleOf } from '../membership/audiences.ts';
import { dataGrantBody, dataGrantDigest, dataRevokeBody } from '../membership/data-grants.ts';
import { type Apply, type DataGrant, isCoordinator, keyOf, type VillageState } from './state.ts';

/** Whose readings a meter's are: its household's, else the village's, for which a coordinator stands. */
const ownsMeter = (state: VillageState, meter: string, owner: string): boolean => {
  const of = state.meters.get(meter);
  if (!of) return false;
  return of.member === null ? isCoordinator(state, owner) : of.member === owner;
};

const give: Apply = (ctx) => {
  const body = dataGrantBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable data grant';
  const { state, record } = ctx;
  const { grant: id, signer, sig, ...g } = body.data;
  if (state.dataGrants.has(id)) return 'this data grant exists';
  if (!state.members.has(g.to)) return 'no such member';
  if (
    !g.meters.every((m) => ownsMeter(state, m, g.owner)) ||
    !g.assets.every((a) => state.assets.get(a)?.owner === g.owner)
  )
    return 'only their owner lets others read these';
  if (!peopleOf(state, g.owner).includes(signer)) return 'may not sign for the owner';
  if (ctx.recover(dataGrantDigest(state.village, { grant: id, ...g }), sig) !== keyOf(state, signer))
    return 'the signature is not of the owner';
  state.dataGrants.set(id, { id, ...g, atMs: record.at.ms, record: record.id, revoked: null });
  return undefined;
};

/** Taking a right to read away needs no key: its owner, its reader or a coordinator does it. */
export const mayRevokeGrant = (
  state: Pick<VillageState, 'members'>,
  grant: Pick<DataGrant, 'owner' | 'to'>,
  member: string,
): boolean =>
  [...peopleOf(state, grant.owner), ...peopleOf(state, grant.to)].includes(member) || isCoordinator(state, member);

const revoke: Apply = (ctx) => {
  const body = dataRevokeBody.safeParse(ctx.record.body);
  if (!body.success) return 'unreadable revocation of a data grant';
  const { state, record, author } = ctx;
  const g = state.dataGrants.get(body.data.grant);
  if (!g) return 'no such data grant';
  if (g.revoked) return 'already revoked';
  if (!mayRevokeGrant(state, g, author)) return 'only its owner, its reader or a coordinator revokes a data grant';
  state.dataGrants.set(g.id, { ...g, revoked: { by: author, atMs: record.at.ms, record: record.id } });
  return undefined;
};

export const dataGrantRules: Readonly<Record<string, Apply>> = { 'data.grant': give, 'data.revoke': revoke };
