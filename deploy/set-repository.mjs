import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Sets the address of the repository in every package.json that names one: where npm, a reader of a package and a bill of materials look for
 * the sources.
 *
 * @param {string} root the repository
 * @param {string} address of the page, such as https://forge.example/owner/name
 * @returns {readonly string[]} the files that say another address now
 * @throws {Error} for a text that is no such address
 */
export function setRepository(root, address) {
  if (!/^https:\/\/[^/\s]+\/\S+[^/\s]$/.test(address))
    throw new Error(`"${address}" is no address of a repository; one looks like https://forge.example/owner/name`);
  const url = `git+${address.replace(/\.git$/, '')}.git`;
  /** @type {string[]} */
  const changed = [];
  for (const { file, manifest } of manifestsWithRepository(root)) {
    if (manifest.repository.url === url) continue;
    manifest.repository.url = url;
    writeFileSync(path.join(root, file), `${JSON.stringify(manifest, null, 2)}\n`);
    changed.push(file);
  }
  return changed;
}

/**
 * The addresses that stand in the package.json files: one, unless somebody changed one by hand.
 *
 * @param {string} root the repository
 * @returns {readonly string[]} as `setRepository` takes them
 */
export const repositoriesOf = (root) => [
  ...new Set(manifestsWithRepository(root).map(({ manifest }) => manifest.repository.url.replace(/^git\+/, '').replace(/\.git$/, ''))),
];

/** @param {string} root */
function manifestsWithRepository(root) {
  return execFileSync('git', ['ls-files', 'package.json', '**/package.json'], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter(Boolean)
    .map((file) => {
      /** @type {{ repository: { url: string } }} */
      const manifest = JSON.parse(readFileSync(path.join(root, file), 'utf8'));
      return { file, manifest };
    })
    .filter(({ manifest }) => 'repository' in manifest);
}
