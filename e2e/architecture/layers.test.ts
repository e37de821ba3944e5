import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/** Code that breaks a rule of the layers, where it would stand, and words of the complaint that lint must make. */
const violations = [
  ['packages/prom-codec/src/violation.ts', "import { readFile } from 'node:fs/promises'; export { readFile };", /no Node built-ins/],
  ['packages/prom-codec/src/violation.ts', "import fastify from 'fastify'; export { fastify };", /Only http-adapter knows Fastify/],
  [
    'packages/prom-codec/src/violation.ts',
    "import { Storage } from '@timestream-prometheus/connector'; export { Storage };",
    /can only depend on libs tagged with|Circular dependency/,
  ],
  ['packages/prom-codec/src/violation.ts', 'export const home = process.env;', /no I\/O and no Node globals/],
  [
    'packages/timestream-translator/src/violation.ts',
    "import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write'; export { TimestreamWriteClient };",
    /Only connector\/src\/timestream/,
  ],
  [
    'packages/timestream-translator/src/violation.ts',
    "import { DuckDBInstance } from '@duckdb/node-api'; export { DuckDBInstance };",
    /Only timestream-embedded knows DuckDB/,
  ],
  ['packages/promql/src/violation.ts', "import { readFile } from 'node:fs/promises'; export { readFile };", /no Node built-ins/],
  ['packages/promql/src/violation.ts', 'export const now = setTimeout;', /no I\/O and no Node globals/],
  [
    'packages/promql/src/violation.ts',
    "import { createConnector } from '@timestream-prometheus/connector'; export { createConnector };",
    /can only depend on libs tagged with|Circular dependency/,
  ],
  [
    'packages/connector/src/violation.ts',
    "import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write'; export { TimestreamWriteClient };",
    /Only connector\/src\/timestream/,
  ],
  [
    'packages/connector/src/violation.ts',
    "import { buildServer } from '@timestream-prometheus/http-adapter'; export { buildServer };",
    /can only depend on libs tagged with|Circular dependency/,
  ],
  [
    'packages/connector/src/violation.ts',
    "import { startEmbeddedTimestream } from '@timestream-prometheus/timestream-embedded'; export { startEmbeddedTimestream };",
    /does not know which Timestream/,
  ],
  [
    'packages/http-adapter/src/violation.ts',
    "import { decodeSnappy } from '@timestream-prometheus/prom-codec'; export { decodeSnappy };",
    /can only depend on libs tagged with/,
  ],
  [
    'packages/timestream-embedded/src/violation.ts',
    "import { createMatcher } from '@timestream-prometheus/timestream-translator'; export { createMatcher };",
    /can only depend on libs tagged with|cannot depend on any libs with tags/,
  ],
  [
    'packages/timestream-translator/src/violation.ts',
    "import { CodecError } from '../../prom-codec/src/codec-error.js'; export { CodecError };",
    /cannot be imported by a relative or absolute path/,
  ],
  ['packages/connector/src/violation.ts', "export * from './seam.js';", /an API must be visible in a diff/],
] as const;

describe('lint', () => {
  let eslint: ESLint;

  beforeAll(() => {
    eslint = new ESLint({ cwd: repositoryRoot });
  });

  it.each(violations)('refuses in %s: %s', async (file, code, complaint) => {
    const [result] = await eslint.lintText(`${code}\n`, { filePath: path.join(repositoryRoot, file) });
    const messages = result?.messages.map(({ message }) => message).join('\n') ?? '';
    expect(messages).toMatch(complaint);
  });

  it('has nothing to say against an import in the right direction', async () => {
    const code =
      "import { CodecError } from '@timestream-prometheus/prom-codec';\n\nexport const isCodecError = (error: unknown): boolean => error instanceof CodecError;\n";
    const [result] = await eslint.lintText(code, { filePath: path.join(repositoryRoot, 'packages/timestream-translator/src/allowed.ts') });
    expect(result?.messages.map(({ message }) => message)).toEqual([]);
  });
});

/** Code that breaks a rule which only a linter that knows types can apply, and the name of that rule. */
const typedViolations = [
  ['export const lost = (): void => {\n  Promise.resolve();\n};\n', 'no-floating-promises'],
  ["export const size = (JSON.parse('1') as any).length;\n", 'no-explicit-any'],
  ["export const size: number = JSON.parse('1');\n", 'no-unsafe-assignment'],
  ['export const has = (text: string): boolean => (text ? true : text !== undefined);\n', 'no-unnecessary-condition'],
  ['const kept = 1;\nexport const other = 2;\n', 'no-unused-vars'],
  ['// eslint-disable-next-line @typescript-eslint/no-explicit-any -- nothing to turn off\nexport const one = 1;\n', 'Unused'],
] as const;

describe('lint that knows types', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'typed-lint-'));
    writeFileSync(
      path.join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: path.join(repositoryRoot, 'tsconfig.base.json'), include: ['*.ts'] }),
    );
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(typedViolations)('refuses %j', (code, rule) => {
    writeFileSync(path.join(folder, 'violation.ts'), code);
    const { stdout, status } = spawnSync(
      process.execPath,
      [path.join(repositoryRoot, 'node_modules/oxlint/bin/oxlint'), '-c', path.join(repositoryRoot, '.oxlintrc.json'), '-f', 'unix', '.'],
      { cwd: folder, encoding: 'utf8' },
    );
    expect(stdout).toContain(rule);
    expect(status).toBe(1);
  });
});
