import type { Admit, IncomingEntry } from '#core/ports/village-node.ts';
import type { KnownRecord } from '#domain/books/record.ts';
import { checkGrant } from '#domain/membership/grants.ts';
import { addBody, keyBody, newMemberFault, rotationFault } from '#domain/membership/member-keys.ts';
import type { RecoverSigner } from '#domain/membership/typed-data.ts';
import { knownRecord } from './record-index.ts';

const SELF_MADE = new Set(['village.found', 'member.join', 'device.grant']);
export const TEACHING: ReadonlySet<string> = new Set([...SELF_MADE, 'member.add', 'member.key']);

/** Who was ever let in. Only grows, so what was accepted once is accepted always and on every peer. */
export interface Admission {
  readonly admit: Admit;
  /** Learns from records of the members book, in any order: what cannot be judged yet is judged again later. */
  readonly learn: (records: readonly KnownRecord[]) => void;
  /** Devices nobody let in so far whose records came: kept apart, they count for nothing. */
  readonly waiting: () => readonly WaitingDevice[];
}

export interface WaitingDevice {
  /** 64 hex. */
  readonly device: string;
  readonly book: string;
  /** When the first of its records came, UTC ms. */
  readonly sinceMs: number;
}

/** The newest of them are shown: more than these are no village, and must not hide the next neighbour. */
const MAX_WAITING = 100;

export function createAdmission(village: string, recover: RecoverSigner, now: () => number): Admission {
  const devices = new Set<string>();
  const keys = new Map<string, Set<string>>();
  const waiting = new Map<string, WaitingDevice>();
  let open: KnownRecord[] = [];
  const addKey = (member: string, address: string) => keys.set(member, (keys.get(member) ?? new Set()).add(address));
  const known = (): number => [...keys.values()].reduce((n, held) => n + held.size, devices.size);
  const everKey = (member: string, address: string): boolean => keys.get(member)?.has(address) ?? false;
  /** Whether the record was used up; the others may be understood once more is known. */
  const learnOne = (r: KnownRecord): boolean => {
    if (SELF_MADE.has(r.kind)) {
      const check = checkGrant(village, r, everKey, recover);
      if (!check.ok) return !check.wait;
      devices.add(check.device);
      addKey(check.member, check.address);
      return true;
    }
    if (!devices.has(r.device)) return false;
    if (r.kind === 'member.add') {
      const body = addBody.safeParse(r.body);
      if (body.success && newMemberFault(village, body.data, recover) === undefined)
        addKey(body.data.member, body.data.address);
      return true;
    }
    const body = keyBody.safeParse(r.body);
    if (!body.success) return true;
    const { member, address } = body.data;
    if (rotationFault(village, body.data, recover, (before) => everKey(member, before)) !== undefined) return false;
    addKey(member, address);
    return true;
  };
  const judge = (entry: IncomingEntry): ReturnType<Admit> => {
    if (devices.has(entry.device)) return 'accept';
    const first = entry.records[0];
    if (entry.book !== 'members' || !first) return 'wait';
    const record = knownRecord(first.bytes);
    if (!record) return { refuse: 'unreadable record' };
    if (!SELF_MADE.has(record.kind)) return 'wait';
    const check = checkGrant(village, record, everKey, recover);
    if (!check.ok) return check.wait ? 'wait' : { refuse: check.reason };
    // A grant that was copied from the books lets in the device it names, not the one that carries it.
    return check.device === entry.device ? 'accept' : 'wait';
  };
  return {
    admit(entry) {
      const verdict = judge(entry);
      const { device, book } = entry;
      if (verdict === 'wait' && !waiting.has(device)) {
        const [oldest] = waiting.keys();
        if (waiting.size >= MAX_WAITING && oldest !== undefined) waiting.delete(oldest);
        waiting.set(device, { device, book, sinceMs: now() });
      }
      if (verdict === 'accept') waiting.delete(device);
      return verdict;
    },
    waiting: () => [...waiting.values()].filter((w) => !devices.has(w.device)),
    learn(records) {
      const fresh = records.filter((r) => r.book === 'members' && TEACHING.has(r.kind));
      let before = known();
      open.push(...fresh.filter((r) => !learnOne(r)));
      // Only another device or key can settle what is open: records that teach nothing cost one look each.
      while (before !== known()) {
        before = known();
        open = open.filter((r) => !learnOne(r));
      }
    },
  };
}
