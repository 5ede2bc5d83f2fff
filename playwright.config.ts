import { defineConfig } from '@playwright/test';

const executablePath = process.env['GRIDPACT_CHROMIUM'];

export default defineConfig({
  testDir: 'tests/e2e',
  testMatch: '**/*.spec.ts',
  outputDir: 'dist/test-reports/journeys',
  // the report's path comes with PLAYWRIGHT_JSON_OUTPUT_NAME
  reporter: [['list'], ['json']],
  forbidOnly: true,
  retries: 0,
  workers: 2,
  timeout: 180_000,
  expect: { timeout: 20_000 },
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 860 },
    locale: 'en-GB',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: {
      ...(executablePath ? { executablePath } : {}),
      // tests may run as root, where Chromium's own sandbox cannot
      args: ['--no-sandbox', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    },
  },
});
