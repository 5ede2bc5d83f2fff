/** The largest frame either side may send: 4 bytes of length (big endian) come before that many bytes. */
export const MAX_FRAME_BYTES = 2 * 1024 * 1024;

/** Cuts a byte stream into frames. Throws on a length of 0 or over the limit, before a byte of the body is kept. */
export interface FrameParser {
  push(chunk: Uint8Array): Uint8Array[];
}

export function createFrameParser(maxBytes = MAX_FRAME_BYTES): FrameParser {
  const head = new Uint8Array(4);
  let headFilled = 0;
  let body: Uint8Array | undefined;
  let bodyFilled = 0;

  const openBody = (): Uint8Array => {
    const length = new DataView(head.buffer).getUint32(0);
    if (length === 0 || length > maxBytes) throw new Error(`a frame of ${length} bytes is outside 1..${maxBytes}`);
    headFilled = 0;
    bodyFilled = 0;
    // Not zeroed first, as it is handed on only when every byte of it has come; no Buffer, whose slice() shares its bytes.
    return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
  };
  return {
    push(chunk) {
      const frames: Uint8Array[] = [];
      let at = 0;
      while (at < chunk.length) {
        if (!body) {
          head[headFilled++] = chunk[at++] ?? 0;
          if (headFilled === 4) body = openBody();
          continue;
        }
        const part = chunk.subarray(at, at + body.length - bodyFilled);
        body.set(part, bodyFilled);
        at += part.length;
        bodyFilled += part.length;
        if (bodyFilled < body.length) continue;
        frames.push(body);
        body = undefined;
      }
      return frames;
    },
  };
}

export function toFrame(body: Uint8Array): Uint8Array {
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, 4);
  return frame;
}
