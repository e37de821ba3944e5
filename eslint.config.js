import js from '@eslint/js';
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

export default defineConfig(
  { ignores: ['**/dist/**', '**/.nx/**', '**/test-results/**', '**/coverage/**', 'e2e/runtime/**', 'scripts/node-24/**', 'release/**'] },
  js.configs.recommended,
  {
    // The scripts are plain JavaScript, because the oldest Node runs no TypeScript; they are held to the same rules, types included.
    files: ['**/*.ts', '**/*.tsx', '**/*.mjs', '*.js'],
    extends: [...tseslint.configs.strictTypeChecked, ...tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { '@nx': nxPlugin },
    rules: {
      '@nx/enforce-module-boundaries': [
        'error',
        {
          depConstraints: layerRules,
          enforceBuildableLibDependency: false,
          allow: ['../../vitest.base.js', '../vitest.base.js', '../scripts/setup.mjs', '../scripts/published-packages.mjs'],
        },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Options are records of `readonly` fields; an interface per port says what a type alias cannot.
      '@typescript-eslint/consistent-type-definitions': ['error', 'interface'],
      // The embedded Timestream and the decoders count bits; a confusing `void` expression is still refused elsewhere.
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-console': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Name what is exported: an API must be visible in a diff.' },
        { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
        { selector: 'TSEnumDeclaration', message: 'A union of strings says the same without run-time code.' },
      ],
      'id-denylist': ['error', 'data', 'info', 'util', 'utils', 'helper', 'helpers', 'process_', 'tmp', 'foo', 'bar'],
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
  {
    // It walks along columns whose length its loops know; a check at each index would say nothing and cost time.
    files: ['packages/promql/src/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  {
    // Constants as they were published, so that they can be compared digit by digit.
    files: [
      'packages/promql/src/math/**/*.ts',
      'packages/promql/src/histogram/bucket-bounds.ts',
      'packages/promql/src/engine/vector-functions.ts',
    ],
    rules: { 'no-loss-of-precision': 'off' },
  },
  // A pure package's sources see no Node types either; its tests may.
  {
    // What these have to export is decided by who loads them.
    files: ['**/vitest.config.ts', 'vitest.base.ts', 'eslint.config.js', 'scripts/testing/few-property-runs.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // Commands talk to whoever typed them.
    files: ['**/*.mjs'],
    rules: {
      'no-console': 'off',
      // It does not see the type that a JSDoc comment gives to an `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
    languageOptions: {
      globals: Object.fromEntries(
        ['process', 'console', 'URL', 'Buffer', 'setTimeout', 'clearTimeout', 'fetch', 'performance'].map((name) => [name, 'readonly']),
      ),
    },
  },
);
