import { closeSync, openSync, writeSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';

const [WIDTH, HEIGHT] = [640, 480];
/** Pictures a second, as the screen shows them. */
const RATE = 5;

/** What the screen shows of a code, as a picture. */
export const pictureOf = (code: Locator): Promise<Buffer> => code.screenshot();

/** The same code as a poor camera sees it: turned, farther away, grey and blurred. */
export async function poorPictureOf(code: Locator, degrees: number): Promise<Buffer> {
  await code.evaluate((svg, turn) => {
    const { style } = svg as SVGElement;
    style.transform = `rotate(${turn}deg) scale(0.8)`;
    style.filter = 'blur(0.6px) contrast(0.55) brightness(0.9)';
  }, degrees);
  const picture = await code.page().screenshot();
  await code.evaluate((svg) => {
    const { style } = svg as SVGElement;
    style.transform = '';
    style.filter = '';
  });
  return picture;
}

/** Writes the pictures as a film that Chromium shows in place of a camera's. */
export async function writeFilm(page: Page, path: string, pictures: readonly Buffer[]): Promise<void> {
  const file = openSync(path, 'w');
  writeSync(file, `YUV4MPEG2 W${WIDTH} H${HEIGHT} F${RATE}:1 Ip A1:1 C420jpeg\n`);
  const grey = Buffer.alloc((WIDTH * HEIGHT) / 2, 128);
  for (const picture of pictures) {
    const luma = await lumaOf(page, picture);
    writeSync(file, 'FRAME\n');
    writeSync(file, luma);
    writeSync(file, grey);
  }
  closeSync(file);
}

/** Decoded by the browser itself and put into the middle of the camera's picture. */
async function lumaOf(page: Page, picture: Buffer): Promise<Buffer> {
  const text = await page.evaluate(
    async ([png, width, height]) => {
      const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
      const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const canvas = document.createElement('canvas');
      canvas.width = width;
      canvas.height = height;
      const context = canvas.getContext('2d');
      if (!context) throw new Error('no canvas');
      context.fillStyle = '#777';
      context.fillRect(0, 0, width, height);
      const scale = Math.min(1, (height - 20) / image.height);
      const [w, h] = [image.width * scale, image.height * scale];
      context.drawImage(image, (width - w) / 2, (height - h) / 2, w, h);
      const { data } = context.getImageData(0, 0, width, height);
      let out = '';
      for (let i = 0; i < data.length; i += 4) {
        const [r = 0, g = 0, b = 0] = data.subarray(i, i + 3);
        out += String.fromCharCode(Math.round(0.299 * r + 0.587 * g + 0.114 * b));
      }
      return btoa(out);
    },
    [picture.toString('base64'), WIDTH, HEIGHT] as const,
  );
  return Buffer.from(text, 'base64');
}
