import type { RecoverSigner } from '#domain/membership/typed-data.ts';

/** Far more signatures than a year's records carry; who sends forged ones without end only makes it forget. */
const MAX_SIGNERS = 50_000;
export function rememberSigners(recover: RecoverSigner): RecoverSigner {
  const known = new Map<string, string | undefined>();
  return (digest, sig) => {
    const key = `${digest}${sig}`;
    if (known.has(key)) return known.get(key);
    const [oldest] = known.keys();
    if (known.size >= MAX_SIGNERS && oldest !== undefined) known.delete(oldest);
    const signer = recover(digest, sig);
    known.set(key, signer);
    return signer;
  };
}
