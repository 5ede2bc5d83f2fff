import { createCipheriv, createDecipheriv } from 'node:crypto';

/**
 * A record is 4 bytes of length (big endian), so many bytes under AES-256-GCM, its tag the last 16 of them. Each
 * direction has a key of its own that is used for one connection; the nonce is the number of the record, so records
 * cannot be left out, repeated or put in another order.
 */
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const LENGTH_BYTES = 4;
const TAG_BYTES = 16;
export const RECORD_KEY_BYTES = 32;

function createNonces(): () => Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  let count = 0n;
  return () => {
    nonce.writeBigUInt64BE(count++, NONCE_BYTES - 8);
    return nonce;
  };
}

/** Seals records in their order; the parts of one are sealed as one and given back as bytes to be sent after each other. */
export function createRecordSealer(key: Uint8Array): (parts: Iterable<Uint8Array>) => Uint8Array[] {
  const nextNonce = createNonces();
  return (parts) => {
    const cipher = createCipheriv(CIPHER, key, nextNonce(), { authTagLength: TAG_BYTES });
    const length = Buffer.alloc(LENGTH_BYTES);
    const sealed: Buffer[] = [length];
    for (const part of parts) sealed.push(cipher.update(part));
    cipher.final();
    sealed.push(cipher.getAuthTag());
    length.writeUInt32BE(sealed.reduce((sum, { byteLength }) => sum + byteLength, -LENGTH_BYTES));
    return sealed;
  };
}

/** Opens the records of the other side in their order. Throws when one was changed or is over the limit. */
export interface RecordOpener {
  push(bytes: Uint8Array): Generator<Uint8Array>;
}

export function createRecordOpener(key: Uint8Array, maxBytes: number): RecordOpener {
  const nextNonce = createNonces();
  const record = Buffer.allocUnsafeSlow(LENGTH_BYTES + maxBytes + TAG_BYTES);
  let filled = 0;
  let end = LENGTH_BYTES;
  const open = (): Uint8Array => {
    const decipher = createDecipheriv(CIPHER, key, nextNonce(), { authTagLength: TAG_BYTES });
    decipher.setAuthTag(record.subarray(end - TAG_BYTES, end));
    const opened = decipher.update(record.subarray(LENGTH_BYTES, end - TAG_BYTES));
    decipher.final();
    // No Buffer goes on, whose slice() shares its bytes.
    return new Uint8Array(opened.buffer, opened.byteOffset, opened.byteLength);
  };
  return {
    *push(bytes) {
      for (let at = 0; at < bytes.length; ) {
        const part = bytes.subarray(at, at + end - filled);
        record.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < end) return;
        if (end === LENGTH_BYTES) {
          const length = record.readUInt32BE();
          if (length < TAG_BYTES || length > TAG_BYTES + maxBytes)
            throw new Error(`a record of ${length} bytes is over the limit`);
          end += length;
          if (filled < end) continue;
        }
        const opened = open();
        filled = 0;
        end = LENGTH_BYTES;
        yield opened;
      }
    },
  };
}
