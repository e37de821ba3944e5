import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot, resultsFolder } from './programs.mjs';

/**
 * The folder with the sources of a git revision, or the folder that is named. The packages' own dependencies are those that are installed.
 *
 * @param {string} revisionOrFolder
 * @returns {string}
 */
export function sourcesOf(revisionOrFolder) {
  if (existsSync(revisionOrFolder) && statSync(revisionOrFolder).isDirectory()) return path.resolve(revisionOrFolder);
  const { status, stdout, stderr } = spawnSync('git', ['archive', revisionOrFolder, 'packages', 'tsconfig.base.json'], {
    cwd: repositoryRoot,
    maxBuffer: 1024 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`${revisionOrFolder} is neither a folder nor a revision: ${stderr.toString().trim()}`);
  const folder = path.join(resultsFolder, 'trees', revisionOrFolder.replaceAll(/[^A-Za-z0-9._-]/g, '_'));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const unpacked = spawnSync('tar', ['-x', '-C', folder], { input: stdout });
  if (unpacked.status !== 0) throw new Error(`tar: ${unpacked.stderr.toString().trim()}`);
  return folder;
}
