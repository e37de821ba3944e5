import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

const oxlint = path.join(repositoryRoot, 'node_modules/oxlint/bin/oxlint');
const settings = path.join(repositoryRoot, '.oxlintrc.json');

/** Code that breaks a rule of the layers, where it would stand, and words of the complaint that lint must make. */
const violations = [
  ['packages/prom-codec/src', "import { readFile } from 'node:fs/promises'; export { readFile };", /no Node built-ins/],
  ['packages/prom-codec/src', "import fastify from 'fastify'; export { fastify };", /Only http-adapter knows Fastify/],
  [
    'packages/prom-codec/src',
    "import { Storage } from '@timestream-prometheus/connector'; export { Storage };",
    /Not in this direction of the layers/,
  ],
  [
    'packages/prom-codec/src',
    "export { createMatcher } from '@timestream-prometheus/timestream-translator';",
    /Not in this direction of the layers/,
  ],
  ['packages/prom-codec/src', 'export const home = process.env;', /no I\/O and no Node globals/],
  [
    'packages/prom-codec/test',
    "import { Storage } from '@timestream-prometheus/connector'; export { Storage };",
    /Not in this direction of the layers/,
  ],
  [
    'packages/timestream-translator/src',
    "import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write'; export { TimestreamWriteClient };",
    /Only connector\/src\/timestream/,
  ],
  ['packages/timestream-translator/src', "import { DuckDBInstance } from '@duckdb/node-api'; export { DuckDBInstance };", /Only timestream-embedded knows DuckDB/], // oxfmt-ignore
  [
    'packages/timestream-translator/src',
    "import { parseQuery } from '@timestream-prometheus/promql'; export { parseQuery };",
    /Not in this direction of the layers/,
  ],
  ['packages/promql/src', "import { readFile } from 'node:fs/promises'; export { readFile };", /no Node built-ins/],
  ['packages/promql/src', 'export const now = setTimeout;', /no I\/O and no Node globals/],
  [
    'packages/promql/src',
    "import { createConnector } from '@timestream-prometheus/connector'; export { createConnector };",
    /Not in this direction of the layers/,
  ],
  [
    'packages/connector/src',
    "import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write'; export { TimestreamWriteClient };",
    /Only connector\/src\/timestream/,
  ],
  [
    'packages/connector/src',
    "import { buildServer } from '@timestream-prometheus/http-adapter'; export { buildServer };",
    /Not in this direction of the layers/,
  ],
  ['packages/connector/src', "export const asked = import('@timestream-prometheus/http-adapter');", /Not in this direction of the layers/],
  ['packages/connector/src', "import { startEmbeddedTimestream } from '@timestream-prometheus/timestream-embedded'; export { startEmbeddedTimestream };", /Not in this direction|Only tests of the core/], // oxfmt-ignore
  [
    'packages/connector/src',
    "import { validBodies } from '@timestream-prometheus/connector-testing'; export { validBodies };",
    /Not in this direction of the layers/,
  ],
  ['packages/connector/src/timestream', "import { startEmbeddedTimestream } from '@timestream-prometheus/timestream-embedded'; export { startEmbeddedTimestream };", /Not in this direction|Only tests of the core/], // oxfmt-ignore
  [
    'packages/connector/test',
    "import { buildServer } from '@timestream-prometheus/http-adapter'; export { buildServer };",
    /Not in this direction of the layers/,
  ],
  [
    'packages/http-adapter/src',
    "import { decodeSnappy } from '@timestream-prometheus/prom-codec'; export { decodeSnappy };",
    /Not in this direction of the layers/,
  ],
  [
    'packages/http-adapter/src',
    "import { answerInvocation } from '@timestream-prometheus/lambda-adapter'; export { answerInvocation };",
    /Not in this direction of the layers/,
  ],
  ['packages/lambda-adapter/src', "import { startEmbeddedTimestream } from '@timestream-prometheus/timestream-embedded'; export { startEmbeddedTimestream };", /Not in this direction of the layers/], // oxfmt-ignore
  [
    'packages/connector-testing/src',
    "import { createConnector } from '@timestream-prometheus/connector'; export { createConnector };",
    /Not in this direction of the layers/,
  ],
  ['packages/timestream-embedded/src', "import { createMatcher } from '@timestream-prometheus/timestream-translator'; export { createMatcher };", /knows nothing of the other packages/], // oxfmt-ignore
  [
    'packages/status-page/src',
    "import { METRICS } from '@timestream-prometheus/connector/operations'; export { METRICS };",
    /knows nothing of the other packages/,
  ],
  [
    'packages/timestream-translator/src',
    "import { CodecError } from '../../prom-codec/src/codec-error.js'; export { CodecError };",
    /Import a package by its name/,
  ],
  ['packages/connector/src', 'export default 1;', /named exports/],
] as const;

/** Imports in the right direction, of which lint must say nothing. */
const allowed = [
  ['packages/timestream-translator/src', "import { CodecError } from '@timestream-prometheus/prom-codec'; export { CodecError };"],
  ['packages/promql/src', "import { createMatcher } from '@timestream-prometheus/timestream-translator'; export { createMatcher };"],
  ['packages/connector/src', "import { parseQuery } from '@timestream-prometheus/promql'; export { parseQuery };"],
  [
    'packages/connector/src/timestream',
    "import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write'; export { TimestreamWriteClient };",
  ],
  [
    'packages/connector/test',
    "import { startEmbeddedTimestream } from '@timestream-prometheus/timestream-embedded'; export { startEmbeddedTimestream };",
  ],
  ['packages/http-adapter/src', "import { examine } from '@timestream-prometheus/connector/operations'; export { examine };"],
  ['packages/lambda-adapter/test', "import { createSamples } from '../src/handler.js'; export { createSamples };"],
] as const;

interface Complaint {
  readonly message: string;
  readonly help?: string;
  readonly filename: string;
}

describe('lint', () => {
  let folder: string;
  let complaints: readonly Complaint[];

  const fileOf = (room: string, name: string) => path.join(room, `${name}.ts`);
  const saidOf = (file: string) =>
    complaints
      .filter(({ filename }) => path.relative(folder, path.resolve(folder, filename)) === file)
      .map(({ message, help = '' }) => `${message} ${help}`)
      .join('\n');

  // All at once, in a folder that looks like this repository: a linter starts slowly.
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'layers-'));
    const files = [
      ...violations.map(([room, code], index) => [fileOf(room, `violation-${index}`), code] as const),
      ...allowed.map(([room, code], index) => [fileOf(room, `allowed-${index}`), code] as const),
    ];
    for (const [file, code] of files) {
      mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
      writeFileSync(path.join(folder, file), `${code}\n`);
    }
    for (const file of ['.oxlintrc.json', '.oxlint-layers.json']) copyFileSync(path.join(repositoryRoot, file), path.join(folder, file));
    const { stdout } = spawnSync(process.execPath, [oxlint, '-f', 'json', '.'], { cwd: folder, encoding: 'utf8' });
    ({ diagnostics: complaints } = JSON.parse(stdout) as { diagnostics: readonly Complaint[] });
  }, 60_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(violations.map(([room, code, complaint], index) => [room, code, complaint, index] as const))(
    'refuses in %s: %s',
    (room, _code, complaint, index) => {
      expect(saidOf(fileOf(room, `violation-${index}`))).toMatch(complaint);
    },
  );

  it.each(allowed.map(([room, code], index) => [room, code, index] as const))(
    'has nothing to say in %s against %s',
    (room, _code, index) => {
      expect(saidOf(fileOf(room, `allowed-${index}`))).toBe('');
    },
  );
});

/** Code that breaks a rule which only a linter that knows types can apply, and the name of that rule. */
const typedViolations = [
  ['export const lost = (): void => {\n  Promise.resolve();\n};\n', 'no-floating-promises'],
  ["export const size = (JSON.parse('1') as any).length;\n", 'no-explicit-any'],
  ["export const size: number = JSON.parse('1');\n", 'no-unsafe-assignment'],
  ['export const has = (text: string): boolean => (text ? true : text !== undefined);\n', 'no-unnecessary-condition'],
  ['const kept = 1;\nexport const other = 2;\n', 'no-unused-vars'],
  ['// oxlint-disable-next-line typescript/no-explicit-any -- nothing to turn off\nexport const one = 1;\n', 'Unused'],
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
    const { stdout, status } = spawnSync(process.execPath, [oxlint, '-c', settings, '-f', 'unix', '.'], { cwd: folder, encoding: 'utf8' });
    expect(stdout).toContain(rule);
    expect(status).toBe(1);
  });
});
