/** The audits drive one real app; one file, one test for each thing they promise. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/accessibility/axe/**/*.audit.ts'],
    root: new URL('../../..', import.meta.url).pathname,
    globalSetup: ['tests/journeys/furnish.ts'],
    environment: 'node',
    pool: 'forks',
    fileParallelism: false,
    retry: 0,
    testTimeout: 900_000,
    hookTimeout: 900_000,
  },
});
