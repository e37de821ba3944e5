import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { packPackages } from '@timestream-prometheus/deploy/release';
import { publishedPackages } from '@timestream-prometheus/scripts/published-packages';
import { build, transform } from 'esbuild';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly bin?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly nx: { readonly tags: readonly string[] };
}

const packages = publishedPackages().map((folder) => {
  const manifest = JSON.parse(readFileSync(path.join(repositoryRoot, folder, 'package.json'), 'utf8')) as Manifest;
  return { folder, ...manifest, shortName: path.basename(folder) };
});
const pure = packages.filter(({ nx }) => nx.tags.includes('type:pure'));
/** What one may import: `name` for `.`, `name/part` for `./part`. Patterns name files for browsers. */
const specifiersOf = ({ name, exports }: (typeof packages)[number]): string[] =>
  Object.keys(exports)
    .filter((entry) => !entry.includes('*'))
    .map((entry) => name + entry.slice(1));

/** The TypeScript examples of a README, each a program of its own. */
const examplesOf = (folder: string): string[] =>
  [...readFileSync(path.join(repositoryRoot, folder, 'README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code);

const examples = packages.flatMap(({ folder, shortName }) =>
  examplesOf(folder).map((code, at) => ({ name: `${shortName}, example ${at + 1}`, file: `${shortName}-${at + 1}.mts`, code })),
);

const project = mkdtempSync(path.join(os.tmpdir(), 'empty-project-'));
const tarballs = path.join(project, 'tarballs');
const installed = (name: string): string => path.join(project, 'node_modules', name);
const tarballOf = ({ name, version }: { name: string; version: string }): string =>
  path.join(tarballs, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);

/** Node 20 (from 20.19), 22 and 24 take `require` of an ES module; another one to try is named by NODE_24. */
const nodes = [process.execPath, ...(process.env['NODE_24'] === undefined ? [] : [process.env['NODE_24']])];

beforeAll(() => {
  packPackages(tarballs);
  const dependencies = Object.fromEntries(packages.map((each) => [each.name, `file:${tarballOf(each)}`]));
  // The README of the embedded Timestream is for whoever has an SDK; of the one that is installed already.
  const sdk = packages.flatMap((each) => Object.entries(each.dependencies ?? {})).filter(([name]) => name.startsWith('@aws-sdk/client-'));
  writeFileSync(
    path.join(project, 'package.json'),
    JSON.stringify({ name: 'empty-project', private: true, dependencies: { ...dependencies, ...Object.fromEntries(sdk) } }),
  );
  execFileSync('npm', ['install', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: project });
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

/** What the compiler says about files of the project. */
function complaintsOf(files: Readonly<Record<string, string>>, options: ts.CompilerOptions): string[] {
  const names = Object.entries(files).map(([name, text]) => {
    writeFileSync(path.join(project, name), text);
    return path.join(project, name);
  });
  const program = ts.createProgram(names, {
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    lib: ['lib.es2023.d.ts'],
    types: [],
    ...options,
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    const place = file === undefined ? '' : `${path.relative(project, file.fileName)}: `;
    return place + ts.flattenDiagnosticMessageText(messageText, '\n');
  });
}

const resolutions = [
  ['node16', { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 }],
  ['bundler', { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }],
] as const;

const importing = (specifiers: readonly string[]): string =>
  specifiers.map((specifier, at) => `import * as part${at} from '${specifier}';\nexport { part${at} };\n`).join('');

describe('a published package', () => {
  it.each(packages)('$shortName has its licence, its README, and every file that its maps name', (each) => {
    const folder = installed(each.name);
    expect(readFileSync(path.join(folder, 'LICENSE'), 'utf8')).toContain('Apache License');
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
    expect(files).toContain('README.md');
    const maps = files.filter((file) => file.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(0);
    const missing = maps.flatMap((map) => {
      const { sources } = JSON.parse(readFileSync(path.join(folder, map), 'utf8')) as { readonly sources: readonly string[] };
      return sources.map((source) => path.join(path.dirname(map), source)).filter((source) => !files.includes(source));
    });
    expect(missing).toEqual([]);
  });

  it.each(packages)('$shortName satisfies publint', async (each) => {
    const { messages, pkg } = await publint({ pkgDir: installed(each.name), pack: false, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  it.each(packages)('$shortName has types that every way to resolve it finds (attw)', async (each) => {
    const bytes = readFileSync(tarballOf(each));
    // What stands at `./assets/*` is for browsers and has no types.
    const entrypoints = Object.keys(each.exports).filter((entry) => !entry.includes('*'));
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(bytes)), { entrypoints });
    if (result.types === false) throw new Error('attw finds no types');
    // They are ES modules only, which `require` takes from Node 20.19 on: no warning about that, and none about resolution before "exports".
    const problems = result.problems.filter(
      (problem) => problem.kind !== 'CJSResolvesToESM' && !('resolutionKind' in problem && problem.resolutionKind === 'node10'),
    );
    expect(problems).toEqual([]);
  });
});

describe('in an empty project', () => {
  it.each(nodes)('every package can be imported and required (%s)', (node) => {
    const specifiers = packages.flatMap(specifiersOf);
    const counts = specifiers.map((specifier) => `[${JSON.stringify(specifier)}, Object.keys(LOAD(${JSON.stringify(specifier)})).length]`);
    const print = `console.log(JSON.stringify([${counts.join(', ')}]))`;
    const run = (file: string, code: string): unknown => {
      writeFileSync(path.join(project, file), code);
      return JSON.parse(execFileSync(node, [file], { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })) as unknown;
    };
    const imported = run('import.mjs', print.replaceAll('LOAD', 'await import'));
    expect(imported).toEqual(specifiers.map((specifier) => [specifier, expect.any(Number) as unknown]));
    for (const [specifier, count] of imported as [string, number][]) expect(count, specifier).toBeGreaterThan(0);
    expect(run('require.cjs', print.replaceAll('LOAD', 'require'))).toEqual(imported);
  });

  it.each(resolutions)('the types of pure packages need nothing of any platform (%s)', (_name, options) => {
    expect(complaintsOf({ 'pure.mts': importing(pure.flatMap(specifiersOf)) }, { ...options, skipLibCheck: false })).toEqual([]);
  });

  const withNode: ts.CompilerOptions = {
    types: ['node'],
    typeRoots: [path.join(repositoryRoot, 'node_modules', '@types')],
    skipLibCheck: true,
  };

  it.each(resolutions)('every package and every example of a README compiles under strict (%s)', (_name, options) => {
    const files = Object.fromEntries(examples.map(({ file, code }) => [file, `${code}\nexport {};\n`]));
    expect(complaintsOf({ 'all.mts': importing(packages.flatMap(specifiersOf)), ...files }, { ...options, ...withNode })).toEqual([]);
  });

  it('finds it when an example names something that does not exist', () => {
    const [, options] = resolutions[0];
    const code = "import { decodeSnapy } from '@timestream-prometheus/prom-codec';\nexport { decodeSnapy };\n";
    expect(complaintsOf({ 'wrong.mts': code }, { ...options, ...withNode }).join()).toMatch(/no exported member.*decodeSnapy/);
  });

  it('there is an example of each package', () => {
    expect(packages.filter(({ folder }) => examplesOf(folder).length === 0)).toEqual([]);
  });

  it.each(examples)('runs $name', async ({ file, code }) => {
    // Any free port instead of the one that the README names.
    const { code: program } = await transform(code.replace('port: 9201', 'port: 0'), { loader: 'ts', format: 'esm' });
    const module = file.replace('.mts', '.run.mjs');
    writeFileSync(path.join(project, module), program);
    // A server that an example starts would keep its process.
    const start = `await import('./${module}'); process.exit(0)`;
    expect(() => execFileSync(process.execPath, ['--input-type=module', '--eval', start], { cwd: project, timeout: 60_000 })).not.toThrow();
  });

  it('the pure packages run as a bundle for browsers, without anything of Node', async () => {
    mkdirSync(path.join(project, 'browser'), { recursive: true });
    writeFileSync(
      path.join(project, 'browser', 'main.mjs'),
      `import { decodeSnappy, decodeWriteRequest, encodeSnappy, encodeWriteRequest, createSamples } from '@timestream-prometheus/prom-codec';
import { createMatcher, translateSeries, createDimensionBudget } from '@timestream-prometheus/timestream-translator';
import { queryInstant, formatSampleValue } from '@timestream-prometheus/promql';
const labels = [{ name: '__name__', value: 'up' }, { name: 'job', value: 'api' }];
const body = encodeSnappy(encodeWriteRequest({ timeseries: [{ labels, samples: createSamples([[1000, 1]]), exemplars: [], histograms: [] }], metadata: [] }));
const { timeseries } = decodeWriteRequest(decodeSnappy(body, { maxBytes: 1e6 }));
const { records } = translateSeries(timeseries, { layout: 'multi-measure', dimensionBudget: createDimensionBudget() });
const answer = queryInstant('1 + 2', 0, { async *select() {} });
export const result = answer.then(({ value }) => ({
  series: timeseries.length,
  records: records.count,
  matches: createMatcher({ type: '=~', name: 'job', value: 'a.*' }).matches('api'),
  sum: value.type === 'scalar' ? formatSampleValue(value.value) : value.type,
}));
`,
    );
    const { outputFiles } = await build({
      entryPoints: [path.join(project, 'browser', 'main.mjs')],
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'iife',
      globalName: 'bundle',
      logLevel: 'silent',
    });
    // What every browser has and ECMAScript has not; nothing else is there.
    const context = createContext({ TextEncoder, TextDecoder });
    runInContext(outputFiles[0]?.text ?? '', context);
    expect(await (runInContext('bundle.result', context) as Promise<unknown>)).toEqual({ series: 1, records: 1, matches: true, sum: '3' });
  });
});

describe('the check of a browser bundle', () => {
  it('finds a built-in module of Node', async () => {
    const { resolve } = createRequire(import.meta.url);
    const bundled = build({
      stdin: { contents: "import 'node:fs';", resolveDir: path.dirname(resolve('esbuild')) },
      bundle: true,
      write: false,
      platform: 'browser',
      logLevel: 'silent',
    });
    await expect(bundled).rejects.toThrow(/node:fs/);
  });
});
