import process from 'node:process';
import { defineConfig } from 'vitest/config';
import { reportersOf } from './vitest.base.js';

/** Every project that has tests, for an editor's test runner, `npm test` and `npm run check`; each brings its own settings. */
export default defineConfig({
  test: {
    projects: ['packages/*/vitest.config.ts', '*/vitest.config.ts'],
    // Each stage of `npm test` has a file of its own (scripts/stages.mjs); what a reporter is given wins over --outputFile.
    reporters: reportersOf(process.env['TEST_RESULTS'] ?? 'all'),
  },
});
