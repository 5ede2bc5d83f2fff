import { hash } from 'node:crypto';
import { concat, type Sha256 } from '#domain/bytes.ts';

/** SHA-256 by OpenSSL: several times as fast as the one the domain carries. */
export const nativeSha256: Sha256 = (...parts) => {
  const [only] = parts;
  return hash('sha256', only && parts.length === 1 ? only : concat(...parts), 'buffer');
};
