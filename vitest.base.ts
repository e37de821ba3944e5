import { fileURLToPath } from 'node:url';
import { configDefaults, defineConfig, type ViteUserConfig } from 'vitest/config';

/** `npm run check` leaves them out: they take half of the time, and few changes concern them. */
const withoutPrograms = process.env['PROGRAM_TESTS'] === 'none';
const temporaryFolder = fileURLToPath(new URL('./scripts/testing/temporary-folder.ts', import.meta.url));
const tunedFastCheck = fileURLToPath(new URL('./scripts/testing/tuned-fast-check.ts', import.meta.url));

/** The reporters of a run. Its counts go to test-results/, for the closing line of `npm test`. */
export const reportersOf = (runName: string): NonNullable<NonNullable<ViteUserConfig['test']>['reporters']> => [
  ['default', { summary: false }],
  ['json', { outputFile: fileURLToPath(new URL(`./test-results/${runName}.json`, import.meta.url)) }],
];

/**
 * The test configuration that every project shares. Tests run on the sources (by the export condition), so no build stands between a change
 * and its test.
 */
export function projectTestConfig(
  projectName: string,
  overrides: NonNullable<ViteUserConfig['test']> = {},
  /** Patterns of the files that start other programs (this one as it is built, Java, Go, Python, another Node), or try for long to do harm. */
  programTests: readonly string[] = [],
): ViteUserConfig {
  const conditions = ['@timestream-prometheus/source'];
  return defineConfig({
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    plugins: [
      {
        name: 'tuned-fast-check',
        enforce: 'pre',
        resolveId: (id, importer) => (id === 'fast-check' && importer !== tunedFastCheck ? tunedFastCheck : null),
      },
    ],
    test: {
      name: projectName,
      include: ['test/**/*.test.ts'],
      reporters: reportersOf(projectName),
      // The files of a worker share what they import: to import it again for each of them takes as long as the tests do. So a test that changes
      // something of the whole process, such as an environment variable, has to change it back.
      isolate: false,
      ...overrides,
      exclude: [...configDefaults.exclude, ...(withoutPrograms ? programTests : [])],
      globalSetup: [temporaryFolder, overrides.globalSetup ?? []].flat(),
    },
  });
}
