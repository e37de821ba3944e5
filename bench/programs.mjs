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
 * @typedef {{ readonly name: string; readonly server: string; readonly embedded: string; readonly stages: string }} Programs
 */

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
 * Bundles the programs of a tree of sources, without building its packages.
 *
 * @param {string} name of the tree in results
 * @param {string} tree its folder
 * @returns {Promise<Programs>}
 */
export async function bundlePrograms(name, tree) {
  const folder = path.join(resultsFolder, 'programs', name.replaceAll(/[^A-Za-z0-9_-]/g, '_'));
  mkdirSync(folder, { recursive: true });
  // The programs look for it two folders above themselves, as in their package.
  copyFileSync(path.join(tree, 'packages', 'http-adapter', 'package.json'), path.join(folder, 'package.json'));
  /** @type {(entry: string, output: string, extension?: string) => Promise<string>} */
  const bundle = async (entry, output, extension = '.mjs') => {
    const outdir = path.join(folder, 'dist', 'bench');
    await build({
      entryPoints: [{ in: entry, out: output }],
      outdir,
      outExtension: { '.js': extension },
      chunkNames: `${output}-[hash]`,
      bundle: true,
      // What a program loads only when it needs it stays in files of its own, or the memory at rest would be that of all of it.
      splitting: true,
      // Comments and spaces are kept in memory as long as the program runs.
      minifyWhitespace: true,
      legalComments: 'none',
      platform: 'node',
      format: 'esm',
      logLevel: 'warning',
      plugins: [packagesOf(tree)],
      external: EXTERNAL,
      // Some of what is bundled is CommonJS and calls `require`.
      banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    });
    return path.join(outdir, `${output}${extension}`);
  };
  const worker = path.join(tree, 'packages', 'http-adapter', 'src', 'cli', 'write-worker.ts');
  // The server looks for it beside itself. Earlier states have none.
  if (existsSync(worker)) await bundle(worker, 'write-worker', '.js');
  return {
    name,
    server: await bundle(path.join(tree, 'packages', 'http-adapter', 'src', 'main.ts'), 'server'),
    embedded: await bundle(path.join(tree, 'packages', 'timestream-embedded', 'src', 'main.ts'), 'embedded'),
    stages: await bundle(fileURLToPath(new URL('write-stages.mjs', import.meta.url)), 'write-stages'),
  };
}
