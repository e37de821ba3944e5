import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const scope = '@timestream-prometheus/';

/** Where the version stands outside package.json and package-lock.json files: the file, and the text around it. */
const places = /** @type {const} */ ([
  { file: 'packages/connector/src/version.ts', around: ["CONNECTOR_VERSION = '", "'"] },
  { file: 'packages/http-adapter/README.md', around: ['timestream-prometheus ', ' is ready at'] },
  { file: 'deploy/template.yml', around: ['SemanticVersion: ', '\n'] },
]);

/** As in https://semver.org, without build metadata. */
const versionPattern = String.raw`\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?`;

/**
 * Sets the version of the product everywhere it stands, and gives its section in CHANGELOG.md the version and the day.
 *
 * @param {string} root the repository
 * @param {string} version
 * @param {Date} today
 * @returns {readonly string[]} the files that say another version now
 * @throws {Error} for a text that is no version, or a place that does not look as expected
 */
export function setVersion(root, version, today) {
  if (!new RegExp(`^${versionPattern}$`).test(version)) throw new Error(`"${version}" is no version; one looks like 1.2.3 or 1.2.3-rc.1`);
  /** @type {string[]} */
  const changed = [];
  const edit = (/** @type {string} */ file, /** @type {(text: string) => string} */ change) => {
    const before = readFileSync(path.join(root, file), 'utf8');
    const after = change(before);
    if (after === before) return;
    writeFileSync(path.join(root, file), after);
    changed.push(file);
  };

  for (const file of trackedFiles(root)) {
    if (path.basename(file) === 'package.json') edit(file, (text) => json(text, (manifest) => inManifest(manifest, version)));
    if (path.basename(file) === 'package-lock.json')
      edit(file, (text) =>
        json(text, (lock) => {
          lock['version'] = version;
          const installed = /** @type {Record<string, Manifest>} */ (lock['packages']);
          // What is not below node_modules is the repository's own.
          for (const [place, manifest] of Object.entries(installed)) if (!place.includes('node_modules')) inManifest(manifest, version);
        }),
      );
  }
  for (const { file, around } of places) {
    const [before, after] = around;
    const pattern = new RegExp(`(${escaped(before)})${versionPattern}(${escaped(after)})`, 'g');
    edit(file, (text) => {
      if (text.match(pattern)?.length !== 1) throw new Error(`${file} must say ${before}<version>${after} once`);
      return text.replace(pattern, `$1${version}$2`);
    });
  }
  edit('CHANGELOG.md', (text) => {
    if (text.includes(`\n## ${version} `)) return text;
    if (!text.includes('\n## Unreleased\n')) throw new Error('CHANGELOG.md must have a section "## Unreleased"');
    return text.replace('\n## Unreleased\n', `\n## Unreleased\n\n## ${version} (${today.toISOString().slice(0, 10)})\n`);
  });
  return changed;
}

/** @typedef {Record<string, unknown>} Manifest */

/**
 * @param {Manifest} manifest
 * @param {string} version
 */
function inManifest(manifest, version) {
  if ('version' in manifest) manifest['version'] = version;
  for (const kind of ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']) {
    const dependencies = /** @type {Record<string, string> | undefined} */ (manifest[kind]);
    for (const name of Object.keys(dependencies ?? {})) if (name.startsWith(scope) && dependencies) dependencies[name] = version;
  }
}

/**
 * @param {string} text
 * @param {(parsed: Manifest) => void} change
 */
function json(text, change) {
  /** @type {Manifest} */
  const parsed = JSON.parse(text);
  change(parsed);
  return `${JSON.stringify(parsed, null, 2)}\n`;
}

const escaped = (/** @type {string} */ text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** @param {string} root */
function trackedFiles(root) {
  return execFileSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean);
}
