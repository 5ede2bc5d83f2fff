import type { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import { ed25519Signer } from '#core/ports/ed25519.ts';
import type { Signed } from './signature-batch.ts';
import { createSignaturePool, type VerifySignatures, verifySignatures } from './signature-pool.ts';

const author = ed25519Signer(new Uint8Array(32).fill(1));
const other = ed25519Signer(new Uint8Array(32).fill(2));

function signed(i: number): { readonly asked: Signed; readonly isValid: boolean } {
  const message = Uint8Array.from({ length: 1 + (i % 300) }, (_, at) => at + i);
  const asked = { sig: author.sign(message), publicKey: author.publicKey, message };
  switch (i % 6) {
    case 1:
      return { asked: { ...asked, message: Uint8Array.from([...message, 0]) }, isValid: false };
    case 2:
      return { asked: { ...asked, sig: asked.sig.subarray(0, 63) }, isValid: false };
    case 3:
      return { asked: { ...asked, publicKey: other.publicKey }, isValid: false };
    case 4:
      return { asked: { ...asked, publicKey: 'no key' }, isValid: false };
    default:
      return { asked, isValid: true };
  }
}

const casesOf = (count: number): ReturnType<typeof signed>[] => Array.from({ length: count }, (_, i) => signed(i));
/** So many that the pool looks for idle cores more than once. */
const many = Array.from({ length: 10 }, () => casesOf(600)).flat();
const check = async (verify: VerifySignatures, cases: typeof many): Promise<void> =>
  expect(await verify(cases.map(({ asked }) => asked))).toEqual(cases.map(({ isValid }) => isValid));

const started: Worker[] = [];
const note = (worker: Worker): unknown => started.push(worker);
afterEach(async () => {
  process.off('worker', note);
  await Promise.all(started.splice(0).map((worker) => worker.terminate()));
});

test.each([0, 1, 500])(
  'of %i signatures checked at once each has its own verdict, whatever is malformed',
  async (n) => {
    await check(verifySignatures, casesOf(n));
  },
);

test('while other processes use all cores, signatures are checked without a thread', async () => {
  process.on('worker', note);
  await check(
    createSignaturePool(() => 0),
    many,
  );
  expect(started).toHaveLength(0);
});

test('where a core is idle a thread takes part, and the verdicts are the same', async () => {
  process.on('worker', note);
  const verify = createSignaturePool(() => 1);
  let batches = 0;
  while (batches === 0) {
    await check(verify, many);
    for (const worker of started) worker.once('message', (verdicts: Uint8Array) => (batches += verdicts.length));
  }
});

test('what a thread was at when it died is checked all the same', async () => {
  process.on('worker', note);
  const verify = createSignaturePool(() => 1);
  let died = false;
  process.once('worker', (worker) => {
    worker.once('exit', () => {
      died = true;
    });
    // Its first message tells that it is there; with the second it is at work.
    worker.once('message', () => worker.once('message', () => void worker.terminate()));
  });
  while (!died) await check(verify, many);
});
