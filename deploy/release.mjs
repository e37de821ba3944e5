/**
 * Sets the version everywhere it stands, and makes everything that is published, in release/:
 *
 *   npm run release -- 0.2.0                     sets the version, dates its section of CHANGELOG.md, and builds
 *   npm run release                              builds the version that is set
 *   npm run release -- --expect-version=0.2.0    the same, and fails when another one is set (the workflow of a tag)
 *   … --repository=https://forge.example/owner/name         sets the address of the repository in every package
 *   … --expect-repository=https://forge.example/owner/name  fails when the packages name another one (the workflow of a tag)
 *
 * What it makes: a tarball of every package, both zips, one zip with everything for `sam deploy`, a bill of materials (CycloneDX) of the
 * production dependencies, the notes of the version, and SHA256SUMS over all of it. It publishes nothing.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { publishedPackages } from '../scripts/published-packages.mjs';
import { build, fail, install, isProgram, npmCommand, repositoryRoot, run } from '../scripts/setup.mjs';
import { sha256 } from './package.mjs';
import { repositoriesOf, setRepository } from './set-repository.mjs';
import { setVersion } from './set-version.mjs';

const releaseFolder = path.join(repositoryRoot, 'release');

/**
 * Runs npm and gives what it printed.
 *
 * @param {readonly string[]} args
 */
function npm(args) {
  const { command, firstArgs } = npmCommand();
  const { status, stdout, stderr } = spawnSync(command, [...firstArgs, ...args], {
    cwd: repositoryRoot,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) fail(`npm ${args.join(' ')} failed:\n${stderr}`);
  return stdout;
}

/**
 * Packs every published package; they must have been built.
 *
 * @param {string} folder where the tarballs go
 */
export function packPackages(folder) {
  mkdirSync(folder, { recursive: true });
  npm([
    'pack',
    '--silent',
    '--ignore-scripts',
    `--pack-destination=${folder}`,
    ...publishedPackages().map((each) => `--workspace=${each}`),
  ]);
}

/**
 * What CHANGELOG.md says about a version.
 *
 * @param {string} version
 */
function notesOf(version) {
  const changes = readFileSync(path.join(repositoryRoot, 'CHANGELOG.md'), 'utf8');
  const section = changes.split(/^## /m).find((text) => text.startsWith(`${version} `) || text.startsWith(`${version}\n`));
  if (section === undefined) fail(`CHANGELOG.md has no section for ${version}`);
  return `## ${section.trim()}\n`;
}

function writeRelease() {
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'));
  rmSync(releaseFolder, { recursive: true, force: true });
  mkdirSync(releaseFolder, { recursive: true });
  build();
  packPackages(releaseFolder);
  if (run(process.execPath, ['deploy/package.mjs']) !== 0) fail('The deployment packages could not be made; see above.');
  for (const name of ['connector.zip', 'connector-server.zip', `timestream-prometheus-${version}.zip`])
    cpSync(path.join(repositoryRoot, 'deploy', 'dist', name), path.join(releaseFolder, name));

  writeFileSync(path.join(releaseFolder, 'sbom.cdx.json'), npm(['sbom', '--sbom-format=cyclonedx', '--omit=dev', '--package-lock-only']));
  writeFileSync(path.join(releaseFolder, 'NOTES.md'), notesOf(version));
  const sums = readdirSync(releaseFolder)
    .sort()
    .map((name) => `${sha256(readFileSync(path.join(releaseFolder, name)))}  ${name}\n`);
  writeFileSync(path.join(releaseFolder, 'SHA256SUMS'), sums.join(''));
  console.log(`\nVersion ${version}, in release/:\n\n${sums.join('')}`);
}

if (isProgram(import.meta.url)) {
  install();
  const args = process.argv.slice(2);
  const wanted = args.find((arg) => !arg.startsWith('--'));
  if (wanted !== undefined) setVersion(repositoryRoot, wanted, new Date());
  const optionOf = (/** @type {string} */ name) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(`--${name}=`.length);
  const repository = optionOf('repository');
  if (repository !== undefined) setRepository(repositoryRoot, repository);
  const expectedRepository = optionOf('expect-repository');
  const repositories = repositoriesOf(repositoryRoot).join(' and ');
  if (expectedRepository !== undefined && expectedRepository !== repositories)
    fail(
      `The packages name the repository ${repositories}, and this is ${expectedRepository}: npm run release -- --repository=${expectedRepository}`,
    );
  const expected = optionOf('expect-version');
  /** @type {{ version: string }} */
  const { version } = JSON.parse(readFileSync(path.join(repositoryRoot, 'package.json'), 'utf8'));
  if (expected !== undefined && expected !== version) fail(`The version that is set is ${version}, and ${expected} was expected.`);
  writeRelease();
}
