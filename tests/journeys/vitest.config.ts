/** Journeys run one after the other, in the order of their names, and are never tried a second time. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/journeys/**/*.journey.ts'],
    root: new URL('../..', import.meta.url).pathname,
    globalSetup: ['tests/journeys/furnish.ts'],
    environment: 'node',
    pool: 'forks',
    fileParallelism: false,
    sequence: { concurrent: false, shuffle: false },
    retry: 0,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    bail: 1,
  },
});
