import nx from '@nx/eslint-plugin';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * The layers, as lint sees them:
 *
 *   edges -> connector -> timestream-translator -> prom-codec
 *                      -> promql -> timestream-translator
 *
 * with the embedded Timestream beside them: it knows nothing of Prometheus, and only an edge, a test or a benchmark starts it.
 */
const layerRules = [
  { sourceTag: 'type:pure', onlyDependOnLibsWithTags: ['type:pure'] },
  { sourceTag: 'type:core', onlyDependOnLibsWithTags: ['type:pure', 'type:tool', 'type:testing'] },
  { sourceTag: 'type:testing', onlyDependOnLibsWithTags: ['type:pure'] },
  { sourceTag: 'type:edge', onlyDependOnLibsWithTags: ['type:core', 'type:tool', 'type:page', 'type:testing'] },
  { sourceTag: 'type:page', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'type:tool', onlyDependOnLibsWithTags: [] },
  { sourceTag: 'type:e2e', onlyDependOnLibsWithTags: ['*'] },
];

// It is a plugin, but its own types say too little for TypeScript to see that.
const nxPlugin = /** @type {import('eslint').ESLint.Plugin} */ (/** @type {unknown} */ (nx));

const awsSdk = { group: ['@aws-sdk/*', '@smithy/*'], message: 'Only connector/src/timestream talks to the AWS SDK.' };
const duckdb = { group: ['@duckdb/*'], message: 'Only timestream-embedded knows DuckDB.' };
const fastify = { group: ['fastify', 'fastify/*', '@fastify/*'], message: 'Only http-adapter knows Fastify.' };
const embedded = {
  group: ['@timestream-prometheus/timestream-embedded'],
  message: 'The core does not know which Timestream it talks to; only its tests start the embedded one.',
};
const nodeBuiltins = { group: ['node:*'], message: 'A pure package runs anywhere: no Node built-ins.' };
const edgesOnly = {
  group: ['pino', 'prom-client', 'commander'],
  message: 'Logging, metrics libraries and the command line belong to the edges.',
};

/**
 * @param {{ readonly group: readonly string[]; readonly message: string }[]} patterns
 * @returns {import('eslint').Linter.RulesRecord}
 */
const restrict = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

/** What oxlint cannot say: the layers, and shapes of syntax. The rules of every file, those that know types too, stand in `.oxlintrc.json`. */
export default defineConfig(
  { ignores: ['**/dist/**', '**/.nx/**', '**/test-results/**', '**/coverage/**', 'e2e/runtime/**', 'scripts/node-24/**', 'release/**'] },
  // A comment that turns off a rule of oxlint turns off nothing here; oxlint refuses those that turn off nothing there.
  { linterOptions: { reportUnusedDisableDirectives: 'off' } },
  {
    files: ['**/*.ts', '**/*.tsx', '**/*.mjs', '*.js'],
    languageOptions: { parser: tseslint.parser },
    // ESLint has to know the names of the rules in those comments.
    plugins: { '@nx': nxPlugin, '@typescript-eslint': tseslint.plugin },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          depConstraints: layerRules,
          enforceBuildableLibDependency: false,
          allow: ['../../vitest.base.js', '../vitest.base.js', '../scripts/setup.mjs', '../scripts/published-packages.mjs'],
        },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what is exported: an API must be visible in a diff.' },
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'TSEnumDeclaration', message: 'A union of strings says the same without run-time code.' },
      ],
    },
  },
  {
    files: ['packages/prom-codec/src/**/*.ts', 'packages/promql/src/**/*.ts', 'packages/timestream-translator/src/**/*.ts'],
    rules: restrict(nodeBuiltins, awsSdk, duckdb, fastify, edgesOnly),
  },
  {
    files: ['packages/prom-codec/src/**/*.ts', 'packages/promql/src/**/*.ts', 'packages/timestream-translator/src/**/*.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['process', 'Buffer', 'console', 'setTimeout', 'setInterval', 'setImmediate', 'fetch', 'global', '__dirname', 'require'].map(
          (name) => ({
            name,
            message: 'A pure package knows no I/O and no Node globals.',
          }),
        ),
      ],
    },
  },
  {
    files: ['packages/connector/src/**/*.ts'],
    ignores: ['packages/connector/src/timestream/**/*.ts'],
    rules: restrict(awsSdk, duckdb, fastify, edgesOnly, embedded),
  },
  { files: ['packages/connector/src/timestream/**/*.ts'], rules: restrict(duckdb, fastify, edgesOnly, embedded) },
  { files: ['packages/http-adapter/src/**/*.ts'], rules: restrict(awsSdk, duckdb) },
  { files: ['packages/lambda-adapter/src/**/*.ts'], rules: restrict(awsSdk, duckdb, fastify) },
  { files: ['packages/timestream-embedded/src/**/*.ts'], rules: restrict(awsSdk, fastify) },
  // A pure package's sources see no Node types either; its tests may.
  {
    // What these have to export is decided by who loads them.
    files: ['**/vitest.config.ts', 'vitest.base.ts', 'eslint.config.js', 'scripts/testing/tuned-fast-check.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  // An example belongs to whoever copies it into another project.
  { files: ['**/examples/**'], rules: { '@nx/enforce-module-boundaries': 'off' } },
);
