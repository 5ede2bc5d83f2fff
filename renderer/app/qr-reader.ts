/** Finds one code in a picture. */
export interface QrReader {
  /** Undefined: none was found. */
  readonly read: (image: CanvasImageSource, width: number, height: number) => string | undefined;
}

/** Wider pictures are made smaller first: the codes shown here are coarse, and decoding takes its time by area. */
const MAX_SIDE_PX = 960;
/** For one picture; the page stays usable between two. */
const TIME_LIMIT_MS = 40;

/** Loads the decoder with the first use. */
export async function createQrReader({ timeLimitMs = TIME_LIMIT_MS } = {}): Promise<QrReader> {
  const { default: decode } = await import('qr/decode.js');
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });
  return {
    read(image, width, height) {
      if (!context) return undefined;
      const scale = Math.min(1, MAX_SIDE_PX / Math.max(width, height));
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
