#!/usr/bin/env node
/**
 * Installs AWS' Lambda runtime client for Node.js into e2e/runtime, for the tests that run the Lambda package as Lambda does. It compiles native
 * code for a minute or two, so `npm test` does not do it by itself, and what was compiled is kept in the user's cache for the next checkout.
 *
 *   node scripts/install-lambda-runtime.mjs
 *
 * It needs cmake, make, g++, python3 and xz (Debian: cmake make g++ python3 xz-utils), and Linux.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fail, npmCommand, repositoryRoot, run } from './setup.mjs';

const runtimeFolder = path.join(repositoryRoot, 'e2e', 'runtime');
const modules = path.join(runtimeFolder, 'node_modules');
const stampFile = path.join(modules, '.setup-stamp');

/** What the compiled client depends on; another of any of it wants another build. */
const fingerprint = createHash('sha256')
  .update(readFileSync(path.join(runtimeFolder, 'package-lock.json')))
  .update(`${process.platform} ${process.arch} ${process.versions.modules}`)
  .digest('hex');
const cacheFolder = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
const cached = path.join(cacheFolder, 'timestream-prometheus', 'lambda-runtime', fingerprint);

function isInstalled() {
  return existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint;
}

/** The headers that came with this Node, so that the build need not download them. */
function ownHeaders() {
  const prefix = path.resolve(process.execPath, '..', '..');
  return existsSync(path.join(prefix, 'include', 'node', 'node_version.h')) ? { npm_config_nodedir: prefix } : {};
}

function compile() {
  console.error('Compiling the Lambda runtime client (only the first time; a minute or two) ...');
  const { command, firstArgs } = npmCommand();
  const options = { cwd: runtimeFolder, env: { ...process.env, ...ownHeaders() } };
  if (run(command, [...firstArgs, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], options) !== 0)
    fail('It did not compile; see the message above. It needs Linux, cmake, make, g++, python3 and xz.');
  writeFileSync(stampFile, fingerprint);
}

/**
 * Copies under another name first: a copy that broke off must not look like a whole one.
 *
 * @param {string} from
 * @param {string} to
 */
function copyFolder(from, to) {
  const unfinished = `${to}.${process.pid}`;
  mkdirSync(path.dirname(to), { recursive: true });
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true });
  rmSync(to, { recursive: true, force: true });
  renameSync(unfinished, to);
}

if (!isInstalled()) {
  if (existsSync(cached)) copyFolder(cached, modules);
  else {
    compile();
    copyFolder(modules, cached);
  }
}
