import type { KeyObject } from 'node:crypto';
import { asSealingKey, openBytes } from '#core/crypto/aead.ts';
import { AppError } from '#core/ports/errors.ts';
import type { StoredFrame } from '#core/storage/segment-tables.ts';
import { frameAad } from '#domain/metering/frame.ts';
import { createRecent } from './recent.ts';

/** The months of many meters that are looked at together. */
const KEYS_KEPT = 2_000;

type Stored = Pick<StoredFrame, 'meter' | 'key' | 'sealed'>;
/** The canonical bytes of a stored frame. */
export type OpenPlain = (stored: Stored) => Uint8Array;

/**
 * Opens frames as they lie in the store: still under the key of their meter and month, which lies sealed in the key ring.
 * Errors: INTERNAL when the key is gone or the bytes were changed.
 */
export function createPlainOpener(find: (key: string) => Uint8Array | undefined): OpenPlain {
  const parsed = createRecent<KeyObject>(KEYS_KEPT);
  const keyOf = (id: string): KeyObject | undefined => {
    const known = parsed.get(id);
    if (known) return known;
    const key = find(id);
    if (!key) return undefined;
    return parsed.put(id, asSealingKey(key));
  };
  return ({ meter, key: id, sealed }) => {
    const key = keyOf(id);
    const parts = { iv: sealed.subarray(0, 12), box: sealed.subarray(12) };
    const plain = key && openBytes(key, parts, frameAad(meter, id));
    if (!plain) {
      const why = key ? 'the file was changed' : 'its key is not in the key ring';
      throw new AppError('INTERNAL', `A stored reading of ${meter} does not open: ${why}.`);
    }
    return plain;
  };
}
