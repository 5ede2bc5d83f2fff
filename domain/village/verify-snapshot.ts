import type { KnownRecord } from '../books/record.ts';
import { memberIdOf } from '../ids.ts';
import { type Founding, villageIdOf } from '../membership/founding.ts';
import { rotationDigest } from '../membership/member-keys.ts';
import { type RecoverSigner, recoverSigner } from '../membership/typed-data.ts';
import { ledgerIn, operatorsDigest } from '../settlement/batch.ts';
import { type Checkpoint, closeRecordsOf } from './epochs.ts';
import { goOn } from './fold.ts';
import type { CoordinatorChange, VillageState } from './state.ts';

export type Verified =
  | { readonly ok: true }
  /** `missing`: so many records, which the close that names it counts, are not here yet. */
  | { readonly ok: false; readonly reason: string; readonly missing: number };

/**
 * Whether a checkpoint, read from the snapshot with this hash, is what the coordinators of a village signed, for somebody
 * who has nothing but the id of the village and records after the checkpoint. The id is the hash of the founding document;
 * it names the first coordinator; each change of coordinators is signed by enough of those before it, each new key by the
 * key before; and enough of them signed the close after it, which names that hash and is settled.
 */
export function verifySnapshot(
  village: string,
  { checkpoint, hash }: { readonly checkpoint: Checkpoint; readonly hash: string },
  records: readonly KnownRecord[],
  recover: RecoverSigner = recoverSigner,
): Verified {
  const { state } = checkpoint;
  const fault = rootsFault(village, state, recover);
  if (fault !== undefined) return no(fault);
  const { next, missing } = goOn(checkpoint, records, recover);
  if (!next) return no('no settled close with enough signatures follows it', missing);
  const named = closeRecordsOf(records, state.founding).proposals.get(next.settled)?.cut.checkpoint;
  return named === hash ? { ok: true } : no('the close that follows it names another one');
}

const no = (reason: string, missing = 0): Verified => ({ ok: false, reason, missing });

/** Why a state is not of this village with coordinators that its founding document leads to; read of its live part. */
export function rootsFault(
  village: string,
  state: VillageState,
  recover: RecoverSigner = recoverSigner,
): string | undefined {
  if (state.village !== village) return 'it is of another village';
  if (!state.founding || villageIdOf(state.founding) !== village) return 'its founding document is not of this village';
  return coordinatorsFault(state, state.founding, recover);
}

/** Why the coordinators of a state are not proved by signatures that begin at the founding document. */
function coordinatorsFault(state: VillageState, founding: Founding, recover: RecoverSigner): string | undefined {
  const { member, address } = founding.founder;
  const keysOf = (id: string): readonly string[] | undefined => {
    const keys = provenKeys(state, id, recover);
    const isRooted = id === member ? keys?.[0] === address : keys?.[0] !== undefined && memberIdOf(keys[0]) === id;
    return isRooted ? keys : undefined;
  };
  if (!keysOf(member)) return 'the keys of its founder are not proved';
  let now: Pick<CoordinatorChange, 'members' | 'threshold'> = { members: [member], threshold: 1 };
  const changes = state.coordinatorChanges.filter((c) => c.agreed);
  for (const [epoch, change] of changes.entries()) {
    if (change.epoch !== epoch) return 'its changes of coordinators are not in a row';
    const { operators, threshold, members } = change;
    const digest = operatorsDigest(ledgerIn(founding), { village: `0x${state.village}`, epoch, operators, threshold });
    const signers = new Set<string>();
    for (const { address: by, sig } of change.signatures) {
      const signer = recover(digest, sig) === by ? now.members.find((m) => keysOf(m)?.includes(by)) : undefined;
      if (signer !== undefined) signers.add(signer);
    }
    if (signers.size < now.threshold) return 'a change of coordinators has too few signatures';
    const named = members.map((m) => operators.find((o) => keysOf(m)?.includes(o)));
    if (named.includes(undefined) || new Set(named).size !== operators.length || members.length !== operators.length)
      return 'the keys of its coordinators are not proved';
    now = change;
  }
  const { members, threshold, epoch } = state.coordinators;
  const isSame = members.join() === now.members.join() && threshold === now.threshold && epoch === changes.length;
  return isSame ? undefined : 'its coordinators are not those that the changes lead to';
}

/** The keys of a member, each handed over by the one before; undefined where one was not. */
function provenKeys(state: VillageState, member: string, recover: RecoverSigner): readonly string[] | undefined {
  const keys = state.members.get(member)?.keys ?? [];
  const isProven = keys.every(({ address, number, handover }, i) => {
    if (i === 0 || number !== i) return i === 0 && number === 0 && handover === null;
    const by =
      handover === null ? undefined : recover(rotationDigest(state.village, { member, address, number }), handover);
    return by !== undefined && by === keys[i - 1]?.address;
  });
  return isProven && keys.length > 0 ? keys.map((k) => k.address) : undefined;
}
