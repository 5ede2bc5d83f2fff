import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{domain,api,core,p2p,contracts,meter-drivers,main,renderer,tests}/**/*.test.{ts,tsx}'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // hang limits, never measures
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
  },
});
