import { expect, test } from '@playwright/test';
import { type StartedConsole, startConsole } from './start-console.ts';

let started: StartedConsole;

test.beforeEach(async () => {
  started = await startConsole();
});

test.afterEach(async () => {
  await started.remove();
});

test('the printed link opens the console paired; without it the browser is asked for the code, and a used code is refused', async ({
  page,
  browser,
}) => {
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(started.link);
  await expect(page.getByRole('heading').first()).toBeVisible();
  await expect(page).not.toHaveURL(/pair=/);
  expect(await page.evaluate(async () => (await fetch('/session')).status)).toBe(200);
  expect(errors).toEqual([]);

  const stranger = await browser.newPage();
  await stranger.goto(started.link);
  expect(await stranger.evaluate(async () => (await fetch('/session')).status)).toBe(401);
  await expect(stranger.getByRole('textbox').first()).toBeVisible();
});

test('a paired browser stays paired when the console was restarted at the same address', async ({ page }) => {
  await page.goto(started.link);
  await expect(page.getByRole('heading').first()).toBeVisible();
  await started.stop();
  started = await startConsole({ dataDir: started.dataDir, port: Number(new URL(started.url).port) });
  await page.goto(started.url);
  expect(await page.evaluate(async () => (await fetch('/session')).status)).toBe(200);
});
