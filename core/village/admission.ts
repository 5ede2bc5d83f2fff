import { verifyEd25519 } from '#core/crypto/device-keys.ts';
import type { Admit } from '#core/ports/village-node.ts';
import { type KnownRecord, openRecord } from '#domain/books/record.ts';
import { checkGrant } from '#domain/membership/grants.ts';
import type { RecoverSigner } from '#domain/membership/typed-data.ts';
import { addBody, keyBody } from '#domain/village/fold-members.ts';

const SELF_MADE = new Set(['village.found', 'member.join', 'device.grant']);

/** Who was ever let in. Only grows, so what was accepted once is accepted always and on every peer. */
export interface Admission {
  readonly admit: Admit;
  /** Learns from records of the members book, in the order in which they were joined. */
  learn(records: readonly KnownRecord[]): void;
}

export function createAdmission(village: string, recover: RecoverSigner): Admission {
  const devices = new Set<string>();
  const keys = new Map<string, Set<string>>();
  const addKey = (member: string, address: string) => keys.set(member, (keys.get(member) ?? new Set()).add(address));
  const everKey = (member: string, address: string): boolean => keys.get(member)?.has(address) ?? false;
  return {
    admit(entry) {
      if (devices.has(entry.device)) return 'accept';
      const first = entry.records[0];
      if (entry.book !== 'members' || !first) return 'wait';
      const opened = openRecord(first, verifyEd25519);
      if (!opened.ok) return { refuse: opened.reason };
      if (!SELF_MADE.has(opened.record.kind)) return 'wait';
      const check = checkGrant(village, opened.record, everKey, recover);
      if (check.ok) return 'accept';
      return check.wait ? 'wait' : { refuse: check.reason };
    },
    learn(records) {
      for (const r of records) {
        if (r.book !== 'members') continue;
        if (SELF_MADE.has(r.kind)) {
          const check = checkGrant(village, r, everKey, recover);
          if (check.ok) {
            devices.add(check.device);
            addKey(check.member, check.address);
          }
        }
        if (r.kind === 'member.add') {
          const body = addBody.safeParse(r.body);
          if (body.success && devices.has(r.device)) addKey(body.data.member, body.data.address);
        }
        if (r.kind === 'member.key') {
          const body = keyBody.safeParse(r.body);
          if (body.success && devices.has(r.device)) addKey(body.data.member, body.data.address);
        }
      }
    },
  };
}
