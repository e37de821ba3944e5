import { copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));

/** Where programs are bundled to and results are kept: inside of the repository, so that a program finds the packages it does not bundle. */
export const resultsFolder = path.join(repositoryRoot, 'test-results', 'bench');

/** Packages with native code or with workers, which no bundle can hold. */
const EXTERNAL = ['@duckdb/*'];

const LIBRARIES = ['prom-codec', 'timestream-translator', 'promql', 'connector', 'timestream-embedded', 'status-page'];

/**
 * What is measured of one state of the sources.
 *
 * @typedef {{ readonly name: string; readonly server: string; readonly embedded: string; readonly stages: string }} Programs
 */

/**
 * Bundles the programs of a tree of sources, without building its packages.
 *
 * @param {string} name of the tree in results
 * @param {string} tree its folder
 * @returns {Promise<Programs>}
 */
export async function bundlePrograms(name, tree) {
  const folder = path.join(resultsFolder, 'programs', name.replaceAll(/[^A-Za-z0-9._-]/g, '_'));
  mkdirSync(folder, { recursive: true });
  // The programs look for it two folders above themselves, as in their package.
  copyFileSync(path.join(tree, 'packages', 'http-adapter', 'package.json'), path.join(folder, 'package.json'));
  const source = (/** @type {string} */ library) => path.join(tree, 'packages', library, 'src', 'index.ts');
  /** @type {(entry: string, output: string) => Promise<string>} */
  const bundle = async (entry, output) => {
    const outfile = path.join(folder, 'dist', 'bench', output);
    await build({
      entryPoints: [entry],
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'warning',
      conditions: ['@timestream-prometheus/source'],
      alias: Object.fromEntries(LIBRARIES.map((library) => [`@timestream-prometheus/${library}`, source(library)])),
      external: EXTERNAL,
      // Some of what is bundled is CommonJS and calls `require`.
      banner: { js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);' },
    });
    return outfile;
  };
  return {
    name,
    server: await bundle(path.join(tree, 'packages', 'http-adapter', 'src', 'main.ts'), 'server.mjs'),
    embedded: await bundle(path.join(tree, 'packages', 'timestream-embedded', 'src', 'main.ts'), 'embedded.mjs'),
    stages: await bundle(fileURLToPath(new URL('write-stages.mjs', import.meta.url)), 'write-stages.mjs'),
  };
}
