import { defineConfig } from 'vitest/config';

const shared = {
  expect: { requireAssertions: true, poll: { timeout: 10_000 } },
  testTimeout: 20_000,
  hookTimeout: 30_000,
} as const;

export default defineConfig({
  test: {
    reporters: ['default', './test/conformance/reporter.ts'],
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/root/**', 'test/e2e/**', 'test/container/**', 'test/bench/**'],
        },
      },
      { test: { ...shared, name: 'e2e', include: ['test/e2e/**/*.test.ts'] } },
      {
        test: {
          ...shared,
          name: 'root',
          include: ['test/root/**/*.test.ts'],
          globalSetup: ['test/root/require-root.ts'],
        },
      },
      {
        test: {
          ...shared,
          name: 'container',
          include: ['test/container/**/*.test.ts'],
          globalSetup: ['test/container/require-containers.ts'],
        },
      },
    ],
  },
});
