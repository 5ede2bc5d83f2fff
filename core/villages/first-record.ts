import type { Console } from '#core/console.ts';
import type { Village } from '#core/village/open-village.ts';
import { decode, encode } from '#domain/bytes.ts';
import { deviceGrantBody, foundBody, joinBody } from '#domain/membership/grants.ts';

type FirstKind = 'village.found' | 'member.join' | 'device.grant';
interface FirstRecord {
  readonly kind: FirstKind;
  readonly body: unknown;
}
/** The body as its schema reads it, and the member who must be in the books before it can count. */
function readBody(kind: FirstKind, kept: unknown): { readonly body: unknown; readonly voucher: string | undefined } {
  switch (kind) {
    case 'village.found':
      return { body: foundBody.parse(kept), voucher: undefined };
    case 'member.join': {
      const body = joinBody.parse(kept);
      return { body, voucher: body.certificate.issuer };
    }
    case 'device.grant': {
      const body = deviceGrantBody.parse(kept);
      return { body, voucher: body.grant.member };
    }
  }
}

const label = (village: string): string => `first-record|${village}`;
const writing = new WeakMap<Village, Promise<void>>();

/** Keeps what this device will write first, so that a crash between the keys and the books loses nothing. */
export function keepFirstRecord(console: Console, village: string, record: FirstRecord): void {
  console.store.putSecret(label(village), console.dataKey.seal(label(village), encode(record)));
}

/**
 * Writes it once it is due: a founding at once; a join or a grant when the founding and the member who vouches for it are
 * here, so that it comes after them on every peer.
 */
export function writeFirstRecord(console: Console, village: Village): Promise<void> {
  const busy = writing.get(village);
  if (busy) return busy;
  const sealed = console.store.getSecret(label(village.id));
  const state = village.state();
  if (!sealed || state.devices.has(village.keys.id)) return Promise.resolve();
  const { kind, body: kept } = decode(console.dataKey.open(label(village.id), sealed)) as FirstRecord;
  const { body, voucher } = readBody(kind, kept);
  if (voucher !== undefined && !(state.founding && state.members.has(voucher))) return Promise.resolve();
  const work = village
    .act([{ book: 'members', kind, body }])
    .then(() => console.changes.notify('villages', village.id))
    .finally(() => writing.delete(village));
  writing.set(village, work);
  return work;
}
