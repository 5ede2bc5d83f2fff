import type { Console, OpenVillage } from '#core/console.ts';
import { deviceKeysFrom, newSeed } from '#core/crypto/device-keys.ts';
import { AppError } from '#core/ports/errors.ts';
import { grantDigest } from '#domain/membership/grants.ts';
import { endCopy } from './copied.ts';
import { keepFirstRecord } from './first-record.ts';
import { putSecrets } from './founding.ts';

/**
 * Makes the console of a restored copy a new device of the same member, granted by the member's key.
 * Errors: WRONG_PIN, PIN_LOCKED, NO_KEY_HERE, NOT_ALLOWED (the console is no copy).
 */
export async function becomeNewDevice(console: Console, { village }: OpenVillage, pin: string): Promise<OpenVillage> {
  const { store } = console;
  const { row } = village;
  if (!village.copied())
    throw new AppError('NOT_ALLOWED', 'This console is no restored copy; it keeps its device key.');
  const key = await village.keystore.unlock(row.member, pin);
  const keys = deviceKeysFrom(newSeed());
  const unsigned = { member: row.member, device: keys.id, box: keys.box, grantedMs: village.now() };
  const grant = { ...unsigned, sig: key.sign(grantDigest(row.id, unsigned)) };
  const psk = village.network.newestKey();
  // What was sealed and not announced bears the signature of the old key; it is sealed again from the readings.
  village.store.beginChains();
  return await console.reopen(row.id, () => {
    store.transaction(() => {
      putSecrets(console, row.id, keys.seed, psk);
      keepFirstRecord(console, row.id, { kind: 'device.grant', body: { grant } });
      store.setDevice(row.id, keys.id);
      endCopy(store, row.id);
    });
  });
}
