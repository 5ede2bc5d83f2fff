import { setFlagsFromString } from 'node:v8';

/** The heap is collected once it has grown by this part of what lives in it; left to itself, by up to three times as much. */
const GROWTH_PERCENT = 40;

/**
 * V8 answers every few megabytes of new buffers with a full collection, however small the heap is: two thirds of the
 * processor time of a transfer went there. With the first flag the buffers count into the limit of the whole heap, which
 * follows what is really alive; the second keeps that limit near, so that a console stays small while a year comes in.
 * An engine that does not know a flag goes on as before.
 */
export function countBuffersIntoHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
