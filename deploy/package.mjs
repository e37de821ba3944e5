#!/usr/bin/env node
/**
 * Makes what is deployed, in deploy/dist:
 *
 *   connector.zip          the Lambda function: index.mjs and its source map, no native code, one package for arm64 and x86_64
 *   connector-server.zip   the server in one file, for a machine that has Node.js and no npm (storage aws only), with its systemd unit
 *   timestream-prometheus-<version>.zip
 *                          what `sam deploy` needs and nothing else: whoever unpacks it needs neither Node.js nor this repository
 *
 * The same sources give the same bytes on every machine: versions are locked, entries are sorted, and their times and modes are fixed.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { install, isProgram, repositoryRoot } from '../scripts/setup.mjs';

const distFolder = fileURLToPath(new URL('./dist', import.meta.url));

/** CommonJS dependencies call require() for Node's own modules; an ES module has to make it. */
const requireBanner = "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);";

/**
 * @typedef {{
 *   readonly name: string;
 *   readonly runsOn: string;
 *   readonly entry: string;
 *   readonly file: string;
 *   readonly external: string[];
 *   readonly workers?: Readonly<Record<string, string>>;
 *   readonly copies: Readonly<Record<string, string>>;
 * }} Package
 * @type {readonly Package[]}
 */
export const packages = [
  {
    name: 'connector.zip',
    runsOn: 'Lambda, arm64 and x86_64 alike',
    entry: 'packages/lambda-adapter/src/lambda.ts',
    file: 'index.mjs',
    external: [],
    copies: {},
  },
  {
    name: 'connector-server.zip',
    runsOn: 'any machine with Node.js',
    entry: 'packages/http-adapter/src/main.ts',
    // The server reads its version from package.json two folders above itself, here as in its npm package.
    file: 'dist/cli/server.mjs',
    // Imported only for --storage=embedded: it brings a native database, for which a package for AWS has no use. Snappy is imported where it is there.
    external: ['@timestream-prometheus/timestream-embedded', 'snappy'],
    // What its threads run, which it looks for beside itself.
    workers: { 'dist/cli/write-worker.js': 'packages/http-adapter/src/cli/write-worker.ts' },
    copies: {
      'package.json': 'packages/http-adapter/package.json',
      'connector.env': 'deploy/systemd/connector.env',
      'timestream-prometheus.service': 'deploy/systemd/timestream-prometheus.service',
    },
  },
];

/**
 * Bundles one entry, and what its threads run, and gives the files by name.
 *
 * @param {Pick<Package, 'entry' | 'file' | 'external' | 'workers' | 'copies'>} wanted
 */
export async function bundle({ entry, file, external, workers = {}, copies }) {
  const { build } = await import('esbuild');
  const outfile = path.join(distFolder, file);
  const { outputFiles, metafile } = await build({
    absWorkingDir: repositoryRoot,
    entryPoints: [entry],
    outfile,
    bundle: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    minify: true,
    // What ES modules a dependency has bundles smaller than its CommonJS.
    mainFields: ['module', 'main'],
    conditions: ['@timestream-prometheus/source'],
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    banner: { js: requireBanner },
    external,
    logLevel: 'warning',
  });
  const folder = path.posix.dirname(file);
  /** @type {Record<string, Uint8Array>} */
  const files = Object.fromEntries(outputFiles.map(({ path: name, contents }) => [path.posix.join(folder, path.basename(name)), contents]));
  const inputs = Object.keys(metafile.inputs);
  for (const [workerFile, workerEntry] of Object.entries(workers)) {
    const worker = await bundle({ entry: workerEntry, file: workerFile, external, copies: {} });
    Object.assign(files, worker.files);
    inputs.push(...worker.inputs);
  }
  for (const [name, source] of Object.entries(copies)) files[name] = readFileSync(path.join(repositoryRoot, source));
  return { files, inputs };
}

/** What a release holds beside the packages, by its name there. The template finds the package where it finds it in deploy/. */
const releaseFiles = {
  LICENSE: 'LICENSE',
  'template.yml': 'deploy/template.yml',
  'samconfig.toml': 'deploy/samconfig.toml',
  'serverless.md': 'docs/serverless.md',
  'privatelink/template.yml': 'deploy/privatelink/template.yml',
  'privatelink/samconfig.toml': 'deploy/privatelink/samconfig.toml',
  'terraform/main.tf': 'deploy/terraform/main.tf',
  'terraform/outputs.tf': 'deploy/terraform/outputs.tf',
  'terraform/variables.tf': 'deploy/terraform/variables.tf',
};

/**
 * The release: a folder in which `sam deploy` works as it does in deploy/, with the policies.
 *
 * @param {Record<string, Uint8Array>} packageBytes the packages, by name
 * @returns {Record<string, Uint8Array>} files by name
 */
export function releaseOf(packageBytes) {
  const read = (/** @type {string} */ file) => readFileSync(path.join(repositoryRoot, file));
  const policies = readdirSync(path.join(repositoryRoot, 'deploy/iam')).map((name) => `iam/${name}`);
  /** @type {Record<string, Uint8Array>} */
  const files = {};
  for (const [name, source] of Object.entries(releaseFiles)) files[name] = read(source);
  for (const name of policies) files[name] = read(`deploy/${name}`);
  for (const [name, bytes] of Object.entries(packageBytes)) files[`dist/${name}`] = bytes;
  return files;
}

/**
 * A zip of the files whose bytes depend on nothing but names and contents.
 *
 * @param {Readonly<Record<string, Uint8Array>>} files
 */
export async function zip(files) {
  const { zipSync } = await import('fflate');
  // In local time on purpose: zip entries hold a time without a zone, and this gives the same one in all of them.
  const mtime = new Date(1980, 0, 1, 0, 0, 0);
  // 3: made on Unix. The upper half of the attributes is then a mode, here of a plain file that all may read.
  const options = /** @type {const} */ ({ level: 9, mtime, os: 3, attrs: 0o100644 << 16 });
  const sorted = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1));
  /** @type {import('fflate').Zippable} */
  const entries = Object.fromEntries(sorted.map(([name, contents]) => [name, [contents, options]]));
  return zipSync(entries);
}

/** @param {Uint8Array} bytes */
export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

export async function writePackages() {
  rmSync(distFolder, { recursive: true, force: true });
  mkdirSync(distFolder, { recursive: true });
  /** @type {Record<string, Uint8Array>} */
  const packageBytes = {};
  for (const each of packages) {
    const { files } = await bundle(each);
    const bytes = await zip(files);
    writeFileSync(path.join(distFolder, each.name), bytes);
    packageBytes[each.name] = bytes;
    const kilobytes = Math.round(bytes.length / 1024);
    const bundled = Math.round((files[each.file]?.length ?? 0) / 1024);
    console.log(`deploy/dist/${each.name}  for ${each.runsOn}, ${kilobytes} KiB (${each.file} ${bundled} KiB)  sha256 ${sha256(bytes)}`);
  }
  const name = `timestream-prometheus-${version()}.zip`;
  const release = await zip(releaseOf(packageBytes));
  writeFileSync(path.join(distFolder, name), release);
  console.log(`deploy/dist/${name}  everything for \`sam deploy\`, ${Math.round(release.length / 1024)} KiB  sha256 ${sha256(release)}`);
  console.log(`Key for the server package, for a stack in a VPC: ${serverKeyOf(packageBytes['connector-server.zip'] ?? new Uint8Array())}`);
}

/**
 * The key under which the stack in a VPC wants the server package: it names the content, so that a new package is a new key.
 *
 * @param {Uint8Array} bytes
 */
export function serverKeyOf(bytes) {
  return `connector-server-${sha256(bytes).slice(0, 16)}.zip`;
}

/** The version of the product. */
export function version() {
  /** @type {{ version: string }} */
  const manifest = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'));
  return manifest.version;
}

if (isProgram(import.meta.url)) {
  install();
  await writePackages();
  console.log(`Version ${version()}. Next: cd deploy && sam deploy`);
}
