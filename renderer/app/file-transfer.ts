import type { ConsoleClient } from './wire.ts';

/** Of a file, in one call; at most what the contract takes. */
const PIECE_BYTES = 512 * 1024;
type Told = (doneBytes: number, ofBytes: number) => void;

/** Gives a file of this laptop to the core, piece by piece. Answers the name under which the core holds it. */
export async function sendFile(client: ConsoleClient, given: Blob, told: Told, signal: AbortSignal): Promise<string> {
  const { file } = await client.bundles.create({ bytes: given.size });
  for (let offset = 0; offset < given.size; offset += PIECE_BYTES) {
    signal.throwIfAborted();
    told(offset, given.size);
    const piece = new Uint8Array(await given.slice(offset, offset + PIECE_BYTES).arrayBuffer());
    await client.bundles.write({ file, offset, data: toBase64(piece) });
  }
  return file;
}

/** Brings a file of the core into this window; the browser keeps large ones on disk. */
export async function fetchFile(client: ConsoleClient, file: string, bytes: number, told: Told): Promise<Blob> {
  const parts: Blob[] = [];
  for (let offset = 0, isLast = false; !isLast; ) {
    told(offset, bytes);
    const piece = await client.bundles.read({ file, offset });
    const part = fromBase64(piece.data);
    parts.push(new Blob([part]));
    offset += part.length;
    isLast = piece.isLast;
  }
  await client.bundles.drop({ file });
  return new Blob(parts, { type: 'application/vnd.ipld.car' });
}

/** How many bytes become text at once: more are too many arguments. */
const AT_ONCE = 0x8000;
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += AT_ONCE) text += String.fromCharCode(...bytes.subarray(i, i + AT_ONCE));
  return btoa(text);
}
export const fromBase64 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
