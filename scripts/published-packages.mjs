import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from './setup.mjs';

/** The folders of the packages that are published: those that are not private. */
export function publishedPackages() {
  return readdirSync(path.join(repositoryRoot, 'packages'))
    .map((name) => path.join('packages', name))
    .filter((folder) => {
      /** @type {{ private?: boolean }} */
      const manifest = JSON.parse(readFileSync(path.join(repositoryRoot, folder, 'package.json'), 'utf8'));
      return manifest.private !== true;
    });
}
