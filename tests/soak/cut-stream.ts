import type { DuplexStream } from '#p2p/frame-stream.ts';
import type { Random } from './random.ts';

/** Two ends of one stream in memory. Bytes come in pieces of any size; it breaks in the middle of one at any byte. */
export interface CutStream {
  readonly ends: readonly [DuplexStream, DuplexStream];
  cut(): void;
  /** Bytes that both sides were given. */
  delivered(): number;
}

/** Unread bytes beyond which the sender has to wait. */
const WINDOW_BYTES = 256 * 1024;

class End extends EventTarget {
  readStatus: DuplexStream['readStatus'] = 'readable';
  maxReadBufferLength = 0;
  peer: End | undefined;
  readonly #inbox: Uint8Array[] = [];
  readonly #onDelivered: (bytes: number) => void;
  #waiting = false;
  #closed = false;
  #pumping = false;

  constructor(onDelivered: (bytes: number) => void) {
    super();
    this.#onDelivered = onDelivered;
  }
  get writeBufferLength(): number {
    return this.peer?.unread() ?? 0;
  }
  get writableNeedsDrain(): boolean {
    return this.#waiting;
  }
  unread(): number {
    return this.#inbox.reduce((sum, part) => sum + part.length, 0);
  }
  send(bytes: Uint8Array): boolean {
    if (this.#closed) throw new Error('the stream is closed');
    this.peer?.take(Uint8Array.from(bytes));
    this.#waiting = this.writeBufferLength > WINDOW_BYTES;
    return !this.#waiting;
  }
  take(bytes: Uint8Array): void {
    this.#inbox.push(bytes);
    this.#pump();
  }
  pause(): void {
    this.readStatus = 'paused';
  }
  resume(): void {
    this.readStatus = 'readable';
    this.#pump();
  }
  abort(error: Error): void {
    this.close(error);
    this.peer?.close(new Error('the other side broke off'));
  }
  close(error: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.dispatchEvent(Object.assign(new Event('close'), { error }));
  }
  drained(): void {
    if (!this.#waiting || this.writeBufferLength > WINDOW_BYTES) return;
    this.#waiting = false;
    this.dispatchEvent(new Event('drain'));
  }
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => {
      this.#pumping = false;
      const part = this.readStatus === 'readable' && !this.#closed ? this.#inbox.shift() : undefined;
      if (!part) return;
      this.#onDelivered(part.length);
      this.dispatchEvent(Object.assign(new Event('message'), { data: { subarray: () => part } }));
      this.peer?.drained();
      this.#pump();
    });
  }
}

/** Breaks once so many bytes were sent, both ways together. */
export function openCutStream(random: Random, breakAfterBytes: number): CutStream {
  let sent = 0;
  let delivered = 0;
  const count = (bytes: number): void => {
    delivered += bytes;
  };
  const [a, b] = [new End(count), new End(count)];
  [a.peer, b.peer] = [b, a];
  const cut = (): void => a.abort(new Error('the link was cut'));
  for (const end of [a, b]) {
    const take = end.take.bind(end);
    end.take = (bytes) => {
      const fits = bytes.subarray(0, Math.max(0, breakAfterBytes - sent));
      sent += bytes.length;
      const at = random.int(fits.length + 1);
      for (const piece of [fits.subarray(0, at), fits.subarray(at)]) if (piece.length > 0) take(piece);
      // What came before the break is still read.
      if (fits.length < bytes.length) setImmediate(() => setImmediate(cut));
    };
  }
  return { ends: [a as unknown as DuplexStream, b as unknown as DuplexStream], cut, delivered: () => delivered };
}
