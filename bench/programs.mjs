import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

/** Where programs are bundled to and results are kept: inside of the repository, so that a program finds the packages it does not bundle. */
export const resultsFolder = path.join(repositoryRoot, 'test-results', 'bench');

/** Packages with native code or with workers, which no bundle can hold. They are found in the repository's own node_modules. */
const EXTERNAL = ['@duckdb/*', 'snappy'];

const OWN_PACKAGE = /^@timestream-prometheus\/([^/]+)(.*)$/;

const SOURCE_CONDITION = '@timestream-prometheus/source';

/**
 * What is measured of one state of the sources.
 *
 * @typedef {{ readonly name: string; readonly server: string; readonly embedded: string; readonly stages: string; readonly peer?: string }} Programs with
 *   a peer, it is the peer that is measured, and not the server
 */

/** The sources are of a time that cannot be measured by the cases that are wanted. */
export class NotMeasurableError extends Error {
  /** @override */
  name = 'NotMeasurableError';
}

/**
 * The programs that a case runs.
 *
 * @param {import('./cases.mjs').BenchCase} benchCase
 * @returns {readonly ('server' | 'embedded' | 'stages')[]}
 */
export function programsOf(benchCase) {
  if (benchCase.kind === 'stages') return ['stages'];
  const isEmbedded = benchCase.kind === 'read' || (benchCase.kind === 'write' && benchCase.timestream === 'embedded');
  return isEmbedded ? ['server', 'embedded'] : ['server'];
}

/**
 * Finds our own packages in a tree of sources, wherever those that are installed are.
 *
 * @param {string} tree
 * @returns {import('esbuild').Plugin}
 */
const packagesOf = (tree) => ({
  name: 'packages-of-tree',
  setup(builder) {
    builder.onResolve({ filter: OWN_PACKAGE }, ({ path: specifier }) => {
      const [, name = '', subpath = ''] = OWN_PACKAGE.exec(specifier) ?? [];
      const folder = path.join(tree, 'packages', name);
      /** @type {{ readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>> }} */
      const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
      const source = manifest.exports[`.${subpath}`]?.[SOURCE_CONDITION];
      return source === undefined ? { errors: [{ text: `${specifier} is not exported` }] } : { path: path.join(folder, source) };
    });
  },
});

/**
 * Bundles programs of a tree of sources, without building its packages. Those that no case needs are left out: sources that are older than one of
 * them can be measured by the others.
 *
 * @param {string} name of the tree in results
 * @param {string} tree its folder
 * @param {ReadonlySet<'server' | 'embedded' | 'stages'>} wanted
 * @returns {Promise<Programs>} with an empty path for what is not wanted
 * @throws {NotMeasurableError} if the sources have not what is wanted
 */
export async function bundlePrograms(name, tree, wanted) {
  const folder = path.join(resultsFolder, 'programs', name.replaceAll(/[^A-Za-z0-9_-]/g, '_'));
  mkdirSync(folder, { recursive: true });
  // The programs look for it two folders above themselves, as in their package.
  const manifest = path.join(tree, 'packages', 'http-adapter', 'package.json');
  if (!existsSync(manifest)) throw new NotMeasurableError(`${name} has no package http-adapter, which holds the server that is measured`);
  copyFileSync(manifest, path.join(folder, 'package.json'));
  /** @type {(entry: string, output: string, extension?: string) => Promise<string>} */
  const bundle = async (entry, output, extension = '.mjs') => {
    const outdir = path.join(folder, 'dist', 'bench');
    if (!existsSync(entry)) throw new NotMeasurableError(`${name} has no ${path.relative(tree, entry)}, which is bundled to ${output}`);
    /** @type {import('esbuild').BuildOptions} */
    const options = {
      entryPoints: [{ in: entry, out: output }],
      outdir,
      outExtension: { '.js': extension },
      chunkNames: `${output}-[hash]`,
      bundle: true,
      // What a program loads only when it needs it stays in files of its own, or the memory at rest would be that of all of it.
      splitting: true,
      // Comments, spaces and long names are kept in memory as long as the program runs. What people run is bundled so as well.
      minify: true,
      legalComments: 'none',
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
      plugins: [packagesOf(tree)],
      external: EXTERNAL,
      // Some of what is bundled is CommonJS and calls `require`.
      banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    };
    await build(options).catch((/** @type {unknown} */ error) => {
      throw new NotMeasurableError(`${name} cannot be bundled to ${output}:\n${missingIn(error)}`, { cause: error });
    });
    return path.join(outdir, `${output}${extension}`);
  };
  const worker = path.join(tree, 'packages', 'http-adapter', 'src', 'cli', 'write-worker.ts');
  // The server looks for it beside itself. Earlier states have none.
  if (wanted.has('server') && existsSync(worker)) await bundle(worker, 'write-worker', '.js');
  /** @type {(program: 'server' | 'embedded' | 'stages', entry: string, output: string) => Promise<string>} */
  const bundleWanted = async (program, entry, output) => (wanted.has(program) ? bundle(entry, output) : '');
  return {
    name,
    server: await bundleWanted('server', path.join(tree, 'packages', 'http-adapter', 'src', 'main.ts'), 'server'),
    embedded: await bundleWanted('embedded', path.join(tree, 'packages', 'timestream-embedded', 'src', 'main.ts'), 'embedded'),
    stages: await bundleWanted('stages', fileURLToPath(new URL('write-stages.mjs', import.meta.url)), 'write-stages'),
  };
}

/**
 * What esbuild did not find, a line each.
 *
 * @param {unknown} error
 */
function missingIn(error) {
  if (!(error instanceof Error)) return String(error);
  const { errors = [] } = /** @type {Partial<import('esbuild').BuildFailure>} */ (error);
  return errors.length === 0 ? error.message : errors.map(({ text }) => `  ${text}`).join('\n');
}
