import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

/**
 * The test configuration that every project shares. Tests run on the sources (by the export condition), so no build stands
 * between a change and its test, and each project leaves its counts in test-results/ for the closing summary of `npm test`.
 */
export function projectTestConfig(projectName: string, overrides: NonNullable<ViteUserConfig['test']> = {}): ViteUserConfig {
  const resultFile = fileURLToPath(new URL(`./test-results/${projectName}.json`, import.meta.url));
  const conditions = ['@timestream-prometheus/source'];
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    test: {
      include: ['test/**/*.test.ts'],
      reporters: [
        ['default', { summary: false }],
        ['json', { outputFile: resultFile }],
      ],
      ...overrides,
    },
  });
}
