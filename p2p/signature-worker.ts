import { parentPort } from 'node:worker_threads';
import { verifyEd25519 } from '#core/ports/ed25519.ts';
import { checkBatch, type SignatureBatch } from './signature-batch.ts';

/** Checks one batch after the other, and first tells that it can. */
parentPort?.on('message', (batch: SignatureBatch) => {
  const verdicts = checkBatch(batch, verifyEd25519);
  parentPort?.postMessage(verdicts, [verdicts.buffer]);
});
parentPort?.postMessage(new Uint8Array());
