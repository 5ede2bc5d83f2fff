import { expect, type Locator, type Page } from '@playwright/test';
import decodeQR from 'qr/decode.js';

export const SCREENS = ['Today', 'Members', 'Meters', 'Agreements', 'Accounts', 'Sync', 'Settings'] as const;
export type ScreenName = (typeof SCREENS)[number];

/** Goes to a screen by the rail, as a person would. */
export async function openScreen(page: Page, name: ScreenName): Promise<void> {
  const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name, exact: true });
  await link.click();
  await expect(link).toHaveAttribute('aria-current', 'page');
}

/** Chooses one of a list that opens under a labelled button. */
export async function choose(scope: Page | Locator, label: string, option: string | RegExp): Promise<void> {
  const page = 'page' in scope ? scope.page() : scope;
  await scope.getByRole('button', { name: new RegExp(`${label}$`) }).click();
  await page.getByRole('listbox').getByRole('option', { name: option }).click();
  await expect(page.getByRole('listbox')).toHaveCount(0);
}

/** Sets or clears one tick; its box is drawn, so that a person clicks the words. */
export async function setTick(scope: Page | Locator, name: string, on: boolean): Promise<void> {
  const page = 'page' in scope ? scope.page() : scope;
  const box = scope.getByRole('checkbox', { name, exact: true });
  const words = scope.locator('label').filter({ has: page.getByRole('checkbox', { name, exact: true }) });
  if ((await box.isChecked()) !== on) await words.click();
  await expect(box).toBeChecked({ checked: on });
}

/** Types a new PIN into both of its fields. */
export async function typeNewPin(scope: Page | Locator, pin: string): Promise<void> {
  await scope.getByLabel('Choose a PIN').fill(pin);
  await scope.getByLabel('Once more').fill(pin);
}

/** Copies the paper words, as onto paper, and types the two that are asked for. */
export async function keepPaperWords(page: Page): Promise<string[]> {
  const section = page.locator('section').filter({ has: page.getByRole('heading', { name: /Write these \d+ words/ }) });
  await expect(section).toBeVisible();
  const lines = await section.getByRole('listitem').allTextContents();
  const words = lines.map((line) => line.replace(/[\d\s]/g, ''));
  expect(words.length).toBeGreaterThanOrEqual(12);
  await section.getByText('I wrote them down').click();
  for (const label of await section.getByText(/^Word \d+$/).allTextContents())
    await section.getByLabel(label, { exact: true }).fill(words[Number(/\d+/.exec(label)?.[0]) - 1] ?? '');
  return words;
}

/** The words by which two consoles compare their books. */
export async function bookWords(page: Page): Promise<string> {
  const block = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Same on both?' }) });
  return (await block.locator('p').nth(1).textContent()) ?? '';
}

/** Everything the browser calls an error in this window from now on. */
export function collectErrors(page: Page): string[] {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  return errors;
}

/** Types the code that the console printed, after a wrong one. */
export async function pairByCode(
  page: Page,
  { url, link }: { readonly url: string; readonly link: string },
): Promise<void> {
  await page.goto(url);
  await expect(page.getByRole('heading', { name: 'Pair this window' })).toBeVisible();
  await page.getByLabel('Pairing code').fill(/#pair=(\d+)/.exec(link)?.[1] ?? '');
  await page.getByRole('button', { name: 'Pair', exact: true }).click();
  await expect(page.getByRole('heading', { name: 'Welcome. Karibu.' })).toBeVisible();
}

/** Reads a code as a phone would, from the squares that are drawn. */
export async function readQr(image: Locator): Promise<string> {
  const box = (await image.getAttribute('viewBox')) ?? '';
  const path = (await image.locator('path').getAttribute('d')) ?? '';
  const size = Number(box.split(' ')[2]);
  const scale = 4;
  const side = size * scale;
  const data = new Uint8Array(side * side * 4).fill(255);
  for (const [, x, y] of path.matchAll(/M(\d+) (\d+)h1v1h-1z/g)) {
    for (let i = 0; i < scale * scale; i++) {
      const at = ((Number(y) * scale + Math.floor(i / scale)) * side + Number(x) * scale + (i % scale)) * 4;
      data.fill(0, at, at + 3);
    }
  }
  return decodeQR({ width: side, height: side, data });
}
