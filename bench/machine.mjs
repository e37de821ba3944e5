import { spawnSync } from 'node:child_process';
import { cpus, loadavg } from 'node:os';
import { repositoryRoot } from './programs.mjs';

const git = (/** @type {readonly string[]} */ ...args) => spawnSync('git', args, { cwd: repositoryRoot, encoding: 'utf8' }).stdout.trim();

/** What figures depend on beside the sources. */
export function describeMachine() {
  return {
    commit: git('rev-parse', 'HEAD'),
    isClean: git('status', '--porcelain') === '',
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    /** Of the last minute: above the number of cores, times say more of the machine than of the program. */
    load: loadavg()[0] ?? 0,
    date: new Date().toISOString(),
  };
}
