import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { answer, readInput, secondsSince } from './answer.ts';

interface Share {
  readonly key: Uint8Array;
  readonly signed: readonly { readonly message: Uint8Array; readonly sig: Uint8Array }[];
  readonly count: number;
}
/** Signatures that differ; they are verified round after round. */
const DIFFERENT = 1000;

function verifyShare({ key, signed, count }: Share): number {
  const publicKey = createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' });
  let valid = 0;
  for (let i = 0; i < count; i++) {
    const at = signed[i % signed.length];
    if (at && verify(null, at.message, publicKey, at.sig)) valid += 1;
  }
  return valid;
}

/** Ed25519 alone, by node:crypto, on as many threads as a console checks segments with. */
async function measure(): Promise<never> {
  const { count } = readInput<{ count: number }>();
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
        workerData: { key, signed, count: share } satisfies Share,
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
