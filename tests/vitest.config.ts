/** The checks that need no browser: the phone's half, the app's own modules, the views in a made-up page. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  test: {
    include: ['tests/**/*.test.ts', 'tests/**/*.test.tsx'],
    environment: 'node',
    globalSetup: ['tests/pwa/views/whole_app.ts'],
    testTimeout: 30_000,
    restoreMocks: true,
  },
});
