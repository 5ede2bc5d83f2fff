import type { Console } from '#core/console.ts';
import type { Village } from '#core/village/open-village.ts';
import { decode, encode } from '#domain/bytes.ts';
import { foundBody, joinBody } from '#domain/membership/grants.ts';

type FirstRecord =
  | { readonly kind: 'village.found'; readonly body: unknown }
  | { readonly kind: 'member.join'; readonly body: unknown };

const label = (village: string): string => `first-record|${village}`;
const writing = new WeakMap<Village, Promise<void>>();

/** Keeps what this device will write first, so that a crash between the keys and the books loses nothing. */
export function keepFirstRecord(console: Console, village: string, record: FirstRecord): void {
  console.store.putSecret(label(village), console.dataKey.seal(label(village), encode(record)));
}

/**
 * Writes it once it is due: a founding at once; a join when the founding and the inviter are here, so that it comes
 * after them on every peer.
 */
export function writeFirstRecord(console: Console, village: Village): Promise<void> {
  const busy = writing.get(village);
  if (busy) return busy;
  const sealed = console.store.getSecret(label(village.id));
  const state = village.state();
  if (!sealed || state.members.has(village.row.member)) return Promise.resolve();
  const { kind, body } = decode(console.dataKey.open(label(village.id), sealed)) as FirstRecord;
  if (kind === 'member.join' && (!state.founding || !state.members.has(joinBody.parse(body).certificate.issuer))) {
    return Promise.resolve();
  }
  const act = { book: 'members', kind, body: kind === 'member.join' ? joinBody.parse(body) : foundBody.parse(body) };
  const work = village
    .act([act])
    .then(() => console.changes.notify('villages', village.id))
    .finally(() => writing.delete(village));
  writing.set(village, work);
  return work;
}
