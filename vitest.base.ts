import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** For runs that should take little time; see scripts/testing/few-property-runs.ts. */
const fewRuns = process.env['PROPERTY_RUNS'] === 'few';
const fewPropertyRuns = fileURLToPath(new URL('./scripts/testing/few-property-runs.ts', import.meta.url));

/** The reporters of a run. Its counts go to test-results/, for the closing line of `npm test`. */
export const reportersOf = (runName: string): NonNullable<NonNullable<ViteUserConfig['test']>['reporters']> => [
  ['default', { summary: false }],
  ['json', { outputFile: fileURLToPath(new URL(`./test-results/${runName}.json`, import.meta.url)) }],
];

/**
 * The test configuration that every project shares. Tests run on the sources (by the export condition), so no build stands between a change
 * and its test.
 */
export function projectTestConfig(projectName: string, overrides: NonNullable<ViteUserConfig['test']> = {}): ViteUserConfig {
  const conditions = ['@timestream-prometheus/source'];
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    plugins: fewRuns
      ? [
          {
            name: 'few-property-runs',
            enforce: 'pre',
            resolveId: (id, importer) => (id === 'fast-check' && importer !== fewPropertyRuns ? fewPropertyRuns : null),
          },
        ]
      : [],
    test: { name: projectName, include: ['test/**/*.test.ts'], reporters: reportersOf(projectName), ...overrides },
  });
}
