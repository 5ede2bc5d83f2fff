import { randomBytes } from 'node:crypto';
import { chainDir } from '#core/accounts/settler.ts';
import type { Console, OpenVillage } from '#core/console.ts';
import { keyIdOf } from '#core/crypto/aead.ts';
import { deviceKeysFrom, newSeed } from '#core/crypto/device-keys.ts';
import { createKeystore } from '#core/crypto/keystore.ts';
import type { Clock } from '#core/ports/clock.ts';
import type { ChainHost, PinnedChain } from '#core/ports/settlement-chain.ts';
import type { VillageRow } from '#core/storage/console-store.ts';
import { createAudienceKeys } from '#core/village/audience-keys.ts';
import { openKeyRing } from '#core/village/key-ring.ts';
import { secretLabel } from '#core/village/open-village.ts';
import { sealFields } from '#core/village/private-parts.ts';
import { memberIdOf } from '#domain/ids.ts';
import { MEMBERS, SERIALS } from '#domain/membership/audiences.ts';
import { type Founding, villageIdOf } from '#domain/membership/founding.ts';
import { grantDigest } from '#domain/membership/grants.ts';
import type { Role } from '#domain/membership/roles.ts';
import { emptyState } from '#domain/village/state.ts';
import { keepFirstRecord } from './first-record.ts';

export interface FoundInput {
  readonly name: string;
  readonly currency: { readonly code: string; readonly exponent: number };
  readonly zoneOffsetMin: number;
  readonly you: { readonly name: string; readonly roles: readonly Role[] };
  readonly pin: string;
  readonly simulated: boolean;
  readonly how: VillageRow['how'];
  /** The village's clock where it is not the console's. Its meters are then not polled until told. */
  readonly clock?: Clock;
}

/** Most a member may owe the village before a close is refused, in major units of the currency. */
const DEBT_FLOOR_MAJOR = 10_000_000n;
const RESERVE_PERCENT = 20;

/** Founds a village: prepares its chain, writes the founding document, grants this device, opens it. */
export async function foundVillage(
  console: Console,
  input: FoundInput,
): Promise<{ readonly open: OpenVillage; readonly words: string[] }> {
  const clock = input.clock ?? console.options.clock;
  const keys = deviceKeysFrom(newSeed());
  const serials = newSeed();
  const nonce = new Uint8Array(randomBytes(16));
  const host = console.options.createChainHost({ dir: chainDir(console.options.dir, keys.id) });
  const pinned = await prepareChain(host);
  // The member's key is made before the village has an id: it is stored under the id below.
  const draft = await createKeystore(console.store, '', console.dataKey, () => clock.now()).create(input.pin);
  const member = memberIdOf(draft.key.address);
  const founding: Founding = {
    v: 1,
    name: input.name,
    currency: input.currency,
    zoneOffsetMin: input.zoneOffsetMin,
    simulated: input.simulated,
    createdMs: clock.now(),
    nonce,
    founder: { member, address: draft.key.address, roles: [...input.you.roles] },
    serials: keyIdOf(serials),
    chain: {
      chainId: pinned.chainId,
      genesis: pinned.genesis.toLowerCase(),
      ledger: pinned.ledger.toLowerCase(),
      device: keys.id,
    },
    debtFloor: -(DEBT_FLOOR_MAJOR * 10n ** BigInt(input.currency.exponent)),
    reservePercent: RESERVE_PERCENT,
  };
  const village = villageIdOf(founding);
  const unsigned = { member, device: keys.id, box: keys.box, grantedMs: founding.createdMs };
  const grant = { ...unsigned, sig: draft.key.sign(grantDigest(village, unsigned)) };
  const row: VillageRow = { id: village, name: input.name, member, device: keys.id, how: input.how };
  console.store.transaction(() => {
    const ring = openKeyRing(console.store, console.dataKey, village, keys.id);
    ring.add([{ id: keyIdOf(serials), key: serials, scope: SERIALS, giver: keys.id }]);
    const membersKey = createAudienceKeys(ring, keys).current(emptyState(village), MEMBERS, founding.createdMs);
    const fields = { name: input.you.name, phone: null, note: null };
    putSecrets(console, village, keys.seed, new Uint8Array(randomBytes(32)));
    draft.store(member, village);
    const body = { founding, grant, private: sealFields(village, 'member', member, fields, membersKey) };
    keepFirstRecord(console, village, { kind: 'village.found', body });
    console.store.addVillage(row, founding.createdMs);
  });
  const open = await console.openRow(row, input.clock);
  return { open, words: draft.words };
}

async function prepareChain(host: ChainHost): Promise<PinnedChain> {
  try {
    return await host.prepare();
  } finally {
    await host.stop();
  }
}

export function putSecrets(console: Console, village: string, seed: Uint8Array, psk: Uint8Array): void {
  for (const [what, secret] of [
    ['device-seed', seed],
    ['psk', psk],
  ] as const) {
    const label = secretLabel(village, what);
    console.store.putSecret(label, console.dataKey.seal(label, secret));
  }
}
