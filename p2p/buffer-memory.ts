import { setFlagsFromString } from 'node:v8';

/**
 * V8 answers every few megabytes of new buffers with a full collection, however small the heap is: two thirds of the
 * processor time of a transfer went there. With this the buffers count into the limit of the whole heap, which follows
 * what is really alive. An engine that does not know the flag goes on as before.
 */
export function countBuffersIntoHeap(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
}
