import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { verifyEd25519 } from '#core/ports/ed25519.ts';
import { answer, readInput, secondsSince } from './answer.ts';

type Verifier = 'node:crypto' | 'libsodium';
interface Share {
  readonly by: Verifier;
  /** DER, which ends with the 32 bytes of the key. */
  readonly key: Uint8Array;
  readonly signed: readonly { readonly message: Uint8Array; readonly sig: Uint8Array }[];
  readonly count: number;
}
/** Signatures that differ; they are verified round after round. */
const DIFFERENT = 1000;

function verifyShare({ by, key, signed, count }: Share): number {
  const publicKey = createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' });
  const raw = key.slice(-32);
  const isValid =
    by === 'node:crypto'
      ? (message: Uint8Array, sig: Uint8Array): boolean => verify(null, message, publicKey, sig)
      : (message: Uint8Array, sig: Uint8Array): boolean => verifyEd25519(sig, raw, message);
  let valid = 0;
  for (let i = 0; i < count; i++) {
    const at = signed[i % signed.length];
    if (at && isValid(at.message, at.sig)) valid += 1;
  }
  return valid;
}

/** Ed25519 alone, by the runtime or by what consoles verify with, on as many threads as a console checks segments with. */
async function measure(): Promise<never> {
  const { count, by } = readInput<{ count: number; by: Verifier }>();
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const key = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }));
  const signed = Array.from({ length: DIFFERENT }, () => {
    const message = new Uint8Array(randomBytes(32));
    return { message, sig: new Uint8Array(sign(null, message, privateKey)) };
  });
  const threads = Math.min(availableParallelism(), 4);
  const shares = Array.from(
    { length: threads },
    (_, i) => Math.floor((count * (i + 1)) / threads) - Math.floor((count * i) / threads),
  );
  const workers = await Promise.all(
    shares.map((share) => {
      const worker = new Worker(new URL(import.meta.url), {
        workerData: { by, key, signed, count: share } satisfies Share,
      });
      return new Promise<Worker>((resolve) => worker.once('message', () => resolve(worker)));
    }),
  );
  const startMs = performance.now();
  const valid = await Promise.all(
    workers.map((worker) => {
      const told = new Promise<number>((resolve) => worker.once('message', resolve));
      worker.postMessage('go');
      return told;
    }),
  );
  const seconds = secondsSince(startMs);
  await Promise.all(workers.map((worker) => worker.terminate()));
  return await answer({ seconds, threads, valid: valid.reduce((a, b) => a + b, 0) });
}

if (isMainThread) await measure();
else {
  parentPort?.postMessage('ready');
  parentPort?.once('message', () => parentPort?.postMessage(verifyShare(workerData as Share)));
}
