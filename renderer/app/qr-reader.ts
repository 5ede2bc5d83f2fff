/** Finds one code in a picture. */
export interface QrReader {
  /** Undefined: none was found. */
  readonly read: (image: CanvasImageSource, width: number, height: number) => string | undefined;
}

export interface QrLimits {
  /** Wider pictures are made smaller first: decoding takes its time by area. */
  readonly maxSidePx: number;
  /** For all tries at one picture. */
  readonly timeLimitMs: number;
}
/** Pictures of a film follow one another, and the page stays usable between two. */
export const FILM: QrLimits = { maxSidePx: 1280, timeLimitMs: 40 };
/** A picture that a person took is worth more tries. */
export const STILL: QrLimits = { maxSidePx: 2400, timeLimitMs: 2_000 };

/** Loads the decoder with the first use. */
export async function createQrReader({ maxSidePx, timeLimitMs }: QrLimits): Promise<QrReader> {
  const { default: decode } = await import('qr/decode.js');
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  return {
    read(image, width, height) {
      if (!context) return undefined;
      const scale = Math.min(1, maxSidePx / Math.max(width, height));
      canvas.width = Math.max(1, Math.round(width * scale));
      canvas.height = Math.max(1, Math.round(height * scale));
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      try {
        return decode({ width: canvas.width, height: canvas.height, data }, { timeLimit: timeLimitMs });
      } catch {
        return undefined;
      }
    },
  };
}
