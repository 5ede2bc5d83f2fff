import AxeBuilder from '@axe-core/playwright';
import { expect, test } from '@playwright/test';
import { type StartedConsole, startConsole } from './start-console.ts';

let started: StartedConsole;

test.beforeAll(async () => {
  started = await startConsole();
});

test.afterAll(async () => {
  await started.remove();
});

for (const [screen, heading] of [
  ['first run', 'Welcome. Karibu.'],
  ['pairing', 'Pair this window'],
] as const) {
  test(`the ${screen} screen has no barrier that can be found by machine`, async ({ page }) => {
    await page.goto(screen === 'pairing' ? started.url : started.link);
    await expect(page.getByRole('heading', { name: heading })).toBeVisible();
    const { violations } = await new AxeBuilder({ page }).analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([]);
  });
}
