import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { concat, equalBytes, fromHex, toHex, utf8 } from '#domain/bytes.ts';
import type { SealedKey } from '#domain/village/state.ts';
import { type DeviceKeys, ephemeralBox } from './device-keys.ts';

export interface Sealed {
  /** 12 bytes. */
  readonly iv: Uint8Array;
  /** Ciphertext and 16-byte tag. */
  readonly box: Uint8Array;
}

/** 32 bytes; as a KeyObject where many pieces are sealed under one key, which spares most of the time. */
export type SealingKey = Uint8Array | KeyObject;
export const asSealingKey = (key: Uint8Array): KeyObject => createSecretKey(key);

/** AES-256-GCM with a random IV. */
export function sealBytes(key: SealingKey, plaintext: Uint8Array, aad: Uint8Array): Sealed {
  const { iv, parts } = sealParts(key, plaintext, aad);
  return { iv, box: concat(...parts) };
}
/** {@link sealBytes}, its box in the parts in which it comes: who joins it to more copies it once. */
export function sealParts(
  key: SealingKey,
  plaintext: Uint8Array,
  aad: Uint8Array,
): { readonly iv: Uint8Array; readonly parts: readonly Uint8Array[] } {
  const iv = new Uint8Array(randomBytes(12));
  const cipher = createCipheriv('aes-256-gcm', key, iv);
  cipher.setAAD(aad);
  return { iv, parts: [cipher.update(plaintext), cipher.final(), cipher.getAuthTag()] };
}

/** undefined when the key, the additional data or a byte is wrong. */
export function openBytes(key: SealingKey, sealed: Sealed, aad: Uint8Array): Uint8Array | undefined {
  if (sealed.iv.length !== 12 || sealed.box.length < 16) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.iv);
  decipher.setAAD(aad);
  decipher.setAuthTag(sealed.box.subarray(-16));
  try {
    const plain = decipher.update(sealed.box.subarray(0, -16));
    decipher.final();
    return new Uint8Array(plain.buffer, plain.byteOffset, plain.byteLength);
  } catch {
    return undefined;
  }
}

/** How a frame key is named in segments and shares: it says nothing of the key. */
export const keyIdOf = (key: Uint8Array): string =>
  createHash('sha256').update('gridpact frame key').update(key).digest('hex').slice(0, 16);

const boxKey = (shared: Uint8Array, ephemeral: Uint8Array, box: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', shared, concat(ephemeral, fromHex(box)), 'gridpact sealed key', 32));

export interface KeySealer {
  readonly sealTo: (device: string, box: string, key: Uint8Array) => SealedKey;
}
export interface KeyOpener {
  readonly open: (sealed: SealedKey) => Uint8Array | undefined;
}

/**
 * Seals 32-byte keys to devices (X25519, HKDF-SHA-256, AES-256-GCM), all of them under one ephemeral key: who opens many
 * agrees once. The wrapping key of a device depends on its own box; each sealing has its own IV.
 */
export function createKeySealer(): KeySealer {
  const once = ephemeralBox();
  const wrapping = new Map<string, KeyObject>();
  return {
    sealTo(device, box, key) {
      const wrap = wrapping.get(box) ?? asSealingKey(boxKey(once.agree(fromHex(box)), once.publicKey, box));
      wrapping.set(box, wrap);
      return { device, ephemeral: once.publicKey, ...sealBytes(wrap, key, utf8(device)) };
    },
  };
}

/** Opens what {@link createKeySealer} sealed to this device; remembers the ephemeral key it agreed with last. */
export function createKeyOpener(keys: DeviceKeys): KeyOpener {
  let last: { readonly ephemeral: Uint8Array; readonly wrap: KeyObject } | undefined;
  const aad = utf8(keys.id);
  return {
    open(sealed) {
      try {
        if (!last || !equalBytes(last.ephemeral, sealed.ephemeral)) {
          const wrap = asSealingKey(boxKey(keys.agree(sealed.ephemeral), sealed.ephemeral, keys.box));
          last = { ephemeral: sealed.ephemeral, wrap };
        }
        return openBytes(last.wrap, sealed, aad);
      } catch {
        return undefined;
      }
    },
  };
}

export const randomHex = (bytes: number): string => toHex(new Uint8Array(randomBytes(bytes)));
