import { defineConfig } from 'vitest/config';
import { reportersOf } from './vitest.base.js';

/** Every project that has tests, for an editor's test runner, `npm test` and `npm run check`; each brings its own settings. */
export default defineConfig({
  test: {
    projects: ['packages/*/vitest.config.ts', '*/vitest.config.ts'],
    reporters: reportersOf('all'),
  },
});
