import type { AbortOptions, MultiaddrConnection } from '@libp2p/interface';
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils';
import type { KeyStream } from './xsalsa20.ts';

export interface ThrottledConnection extends MultiaddrConnection {
  throttle(bytesPerSecond: number | undefined): void;
}

interface Seal {
  readonly inbound: KeyStream;
  readonly outbound: KeyStream;
  /** Bytes that were read and opened before. */
  readonly first?: Uint8Array;
  /** What the first bytes must be; anything else, or none at all, ends the connection. */
  readonly expected?: Uint8Array;
  readonly onFirst?: (isExpected: boolean) => void;
}

/** A connection whose bytes are combined with two key streams on their way. */
export function sealConnection(wire: MultiaddrConnection, seal: Seal): ThrottledConnection {
  return new SealedConnection(wire, seal);
}

class SealedConnection extends AbstractMultiaddrConnection implements ThrottledConnection {
  readonly #wire: MultiaddrConnection;
  readonly #seal: Seal;
  #checked = 0;
  #isHeldByReader = false;
  #isHeldByRate = false;
  #rate: number | undefined;
  #allowance = 0;
  #allowedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(wire: MultiaddrConnection, seal: Seal) {
    super({ remoteAddr: wire.remoteAddr, direction: wire.direction, log: wire.log.newScope('sealed') });
    this.#wire = wire;
    this.#seal = seal;
    this.#checked = seal.expected ? 0 : Number.POSITIVE_INFINITY;
    if (seal.first) this.push(seal.first);
    wire.addEventListener('message', ({ data }) => {
      for (const part of data instanceof Uint8Array ? [data] : data) this.#receive(part);
    });
    wire.addEventListener('drain', () => {
      // The base class goes on sending after this event.
      this.safeDispatchEvent('drain');
    });
    wire.addEventListener('close', ({ error, local }) => {
      clearTimeout(this.#timer);
      if (this.#checked < (seal.expected?.length ?? 0)) this.#refuse();
      if (!error) this.onTransportClosed();
      else if (local) this.abort(error);
      else this.onRemoteReset();
    });
  }

  throttle(bytesPerSecond: number | undefined): void {
    this.#rate = bytesPerSecond;
    this.#allowance = bytesPerSecond ?? 0;
    this.#allowedAt = performance.now();
    if (bytesPerSecond === undefined) this.#holdByRate(false);
  }

  override sendData(data: OutgoingBytes): SendResult {
    return { sentBytes: data.byteLength, canSendMore: this.#wire.send(sealBytes(this.#seal.outbound, data)) };
  }
  override async sendClose(options?: AbortOptions): Promise<void> {
    await this.#wire.close(options);
  }
  override sendReset(error: Error): void {
    this.#wire.abort(error);
  }
  override sendPause(): void {
    this.#isHeldByReader = true;
    this.#hold();
  }
  override sendResume(): void {
    this.#isHeldByReader = false;
    this.#hold();
  }

  #receive(part: Uint8Array): void {
    // Nobody else has what the wire has just read. No Buffer goes on, whose slice() shares its bytes.
    const opened = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
    this.#seal.inbound.xorInPlace(opened);
    const { expected, onFirst } = this.#seal;
    if (expected && this.#checked < expected.length) {
      for (const byte of opened.subarray(0, expected.length - this.#checked)) {
        if (byte !== expected[this.#checked++]) {
          this.#refuse();
          this.abort(new Error('the other side does not have this key of the village network'));
          return;
        }
      }
      if (this.#checked === expected.length) onFirst?.(true);
    }
    if (this.#rate !== undefined) this.#spend(part.length, this.#rate);
    this.onData(opened);
  }

  #refuse(): void {
    this.#checked = Number.POSITIVE_INFINITY;
    this.#seal.onFirst?.(false);
  }

  /** Up to a second's worth may come at once. */
  #spend(bytes: number, rate: number): void {
    const now = performance.now();
    this.#allowance = Math.min(rate, this.#allowance + ((now - this.#allowedAt) * rate) / 1000) - bytes;
    this.#allowedAt = now;
    if (this.#allowance >= 0) return;
    this.#holdByRate(true);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#holdByRate(false), (-this.#allowance * 1000) / rate);
  }

  #holdByRate(held: boolean): void {
    this.#isHeldByRate = held;
    this.#hold();
  }

  #hold(): void {
    if (this.#wire.status !== 'open') return;
    if (this.#isHeldByReader || this.#isHeldByRate) this.#wire.pause();
    else this.#wire.resume();
  }
}

type OutgoingBytes = Iterable<Uint8Array> & { subarray(): Uint8Array; readonly byteLength: number };

/** Parts are joined to bytes of their own, which need no second copy; a single one may be somebody's constant. */
function sealBytes(outbound: KeyStream, data: OutgoingBytes): Uint8Array {
  const isJoined = [...data].length > 1;
  const bytes = data.subarray();
  if (!isJoined) return outbound.xor(bytes);
  outbound.xorInPlace(bytes);
  return bytes;
}
