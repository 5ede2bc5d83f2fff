import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import AxeBuilder from '@axe-core/playwright';
import { type BrowserContext, expect, type Page, test } from '@playwright/test';
import { collectErrors, openScreen, SCREENS } from './console-window.ts';
import { clockFrom, type StartedConsole, startConsole } from './start-console.ts';

const DEMO_HANG_MS = 420_000;
const LANGUAGES = { en: 'English', sw: 'Swahili' } as const;
const SIZES = [
  { width: 1366, height: 768 },
  { width: 360, height: 740 },
] as const;

test.describe.configure({ mode: 'serial' });
// eighty pages under axe: a trace of them costs more than they do
test.use({ trace: 'off' });

let started: StartedConsole;
let context: BrowserContext;
let page: Page;
let errors: string[];

test.beforeAll(async ({ browser }) => {
  test.setTimeout(DEMO_HANG_MS);
  // an evening: the sun is down, the battery carries the village
  started = await startConsole({ args: ['--open-demo'], clock: clockFrom('2025-07-02T16:40:00Z') });
  context = await browser.newContext({ viewport: SIZES[0], reducedMotion: 'reduce' });
  page = await context.newPage();
  errors = collectErrors(page);
  await page.goto(started.link);
  await expect(page.getByRole('navigation', { name: 'Main' })).toBeVisible({ timeout: DEMO_HANG_MS });
});

test.afterAll(async () => {
  // the process first: it must end even if the browser does not let go
  await started?.remove();
  await context?.close();
});

test('the demo village is alive: Today says in one sentence how far the night is covered, and power flows', async () => {
  await openScreen(page, 'Today');
  await expect(page.getByRole('heading', { level: 1, name: /Enough for tonight: \d+ h/ })).toBeVisible();
  await page.getByText('How we know').click();
  await expect(page.getByRole('table').first()).toBeVisible();
  await page.getByText('How we know').click();
  const flow = page.getByRole('img', { name: /^Energy now: .*kW made, .*kW used/ });
  await expect(flow.first()).toContainText(/\d\s?(k?W)\b/);
  await expect(page.getByRole('link', { name: /Close June 2025/ })).toBeVisible();
  await openScreen(page, 'Meters');
  const meters = page.getByRole('region', { name: 'Meters', exact: true });
  await expect(meters.getByRole('row', { name: /Clinic/ })).toContainText(/W/);
  await expect(meters.getByRole('link').first()).toBeVisible();
});

test('every screen of the demo village says that it is simulated', async () => {
  for (const screen of SCREENS) {
    await openScreen(page, screen);
    await expect(page.getByRole('region', { name: 'Simulated village' })).toBeVisible();
  }
});

test('keys alone walk the rail, open and close a dialog, and come back to where they were', async () => {
  await openScreen(page, 'Today');
  await page.getByRole('heading', { level: 1 }).first().click();
  for (const [index, screen] of SCREENS.entries()) {
    await page.keyboard.press('g');
    await page.keyboard.press(String(index + 1));
    const link = page.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: screen, exact: true });
    await expect(link).toHaveAttribute('aria-current', 'page');
  }
  const rail = page.getByRole('navigation', { name: 'Main' }).getByRole('link');
  await rail.first().focus();
  for (const screen of SCREENS.slice(1)) {
    await page.keyboard.press('Tab');
    await expect(rail.filter({ hasText: screen })).toBeFocused();
  }
  await page.keyboard.press('Enter');
  await expect(page.getByRole('heading', { level: 1, name: 'Settings' })).toBeVisible();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  const keys = page.getByRole('navigation', { name: 'Main' }).getByRole('button');
  await keys.focus();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Keys' });
  await expect(dialog).toBeVisible();
  for (let i = 0; i < 4; i++) await page.keyboard.press('Tab');
  expect(await dialog.evaluate((node) => node.contains(document.activeElement))).toBe(true);
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(keys).toBeFocused();
});

for (const [language, name] of Object.entries(LANGUAGES)) {
  for (const size of SIZES) {
    test(`no route has a barrier that can be found by machine, in ${name} at ${size.width} px`, async () => {
      test.setTimeout(DEMO_HANG_MS);
      await page.setViewportSize(size);
      await page.evaluate((chosen) => localStorage.setItem('gridpact.language', chosen), language);
      await page.reload();
      const found: string[] = [];
      for (const route of await listRoutes()) {
        await openRoute(route);
        const { violations } = await new AxeBuilder({ page }).setLegacyMode().analyze();
        found.push(...violations.map(({ id, nodes }) => `${route} ${id}: ${nodes.map(({ html }) => html).join(' ')}`));
        const width = await page.evaluate(() => document.documentElement.scrollWidth);
        if (width > size.width) found.push(`${route} is ${width} px wide`);
      }
      expect(found).toEqual([]);
    });
  }
}

test('the scripts that the first screen needs are under 200 kB when packed', async () => {
  await page.setViewportSize(SIZES[0]);
  await page.evaluate(() => localStorage.setItem('gridpact.language', 'en'));
  await page.goto('about:blank');
  await page.goto(`${started.url}#/`);
  await expect(page.getByRole('heading', { level: 1, name: /Enough for tonight/ })).toBeVisible();
  const urls = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
  const scripts = urls.map((url) => new URL(url).pathname).filter((path) => path.endsWith('.js'));
  expect(scripts.length).toBeGreaterThan(1);
  const packed = scripts.map((path) => gzipSync(readFileSync(join(import.meta.dirname, '../../dist/renderer', path))));
  const bytes = packed.reduce((sum, { length }) => sum + length, 0);
  test.info().annotations.push({ type: 'first screen', description: `${scripts.length} scripts, ${bytes} bytes` });
  expect(bytes).toBeLessThan(200_000);
});

test('the browser found no error in any of this', () => {
  expect(errors).toEqual([]);
});

/** Every kind of page once, with a real member, meter, agreement, month and statement of this village. */
async function listRoutes(): Promise<string[]> {
  const member = await firstLink('/members', '#/members/m');
  const meter = await firstLink('/meters', '#/meters/e');
  const agreement = await firstLink('/agreements', '#/agreements/g');
  const month = await lastLink('/accounts', '#/accounts/2');
  const statement = await firstLink(month, `#${month}/m`);
  const fixed = ['/', '/members', '/members/add', '/members/add-organisation', '/members/invite', '/meters'];
  const forms = ['/meters/add', '/meters/import', '/meters/add-asset', '/agreements', '/agreements/new', '/accounts'];
  return [...fixed, ...forms, '/sync', '/settings', '/more', '/nowhere', member, meter, agreement, month, statement];
}

async function openRoute(route: string): Promise<void> {
  await page.evaluate((hash) => {
    location.hash = hash;
  }, route);
  await expect(page.locator('main h1').first()).toBeVisible();
  await expect(page.locator('main [role="status"][aria-live="polite"]')).toHaveCount(0);
}

async function firstLink(route: string, start: string): Promise<string> {
  await openRoute(route);
  const link = page.locator(`main a[href^="${start}"]`).first();
  return ((await link.getAttribute('href')) ?? '').slice(1);
}

async function lastLink(route: string, start: string): Promise<string> {
  await openRoute(route);
  await expect(page.locator(`main a[href^="${start}"]`).first()).toBeAttached();
  const link = page.locator(`main a[href^="${start}"]`).last();
  return ((await link.getAttribute('href')) ?? '').slice(1);
}
