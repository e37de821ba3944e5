#!/usr/bin/env node
/**
 * Compiles the Prometheus 3 that the tests run: distributions have an older one. It is the version whose engine is the oracle of our PromQL
 * (e2e/promql-oracle/go.mod), with the versions of everything else that Prometheus' own go.mod names. That takes a few minutes the first time;
 * the program is kept in the user's cache.
 *
 *   node scripts/install-prometheus-3.mjs
 *
 * It needs Go.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { fail, isProgram, repositoryRoot, run } from './setup.mjs';

const oracleModule = readFileSync(path.join(repositoryRoot, 'e2e', 'promql-oracle', 'go.mod'), 'utf8');
/** Of the Go module: v0.316.0 is Prometheus 3.16.0. */
const [, moduleVersion = ''] = /github\.com\/prometheus\/prometheus (v0\.\d+\.\d+)/.exec(oracleModule) ?? [];
const version = moduleVersion.replace(/^v0\.(\d)(\d+)/, '$1.$2');

/**
 * `netgo` and no cgo: nothing of the machine is linked, and packages are compiled as they are for the oracle, so that Go's cache serves both.
 * Service discovery (Kubernetes, clouds) is left out; a static target is all that a test needs.
 */
const buildArguments = ['-mod=readonly', '-tags=netgo,remove_all_sd'];
const linkerFlags = `-s -w -X github.com/prometheus/common/version.Version=${version}`;

const cacheFolder = process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache');
const fingerprint = createHash('sha256')
  .update(`${moduleVersion} ${buildArguments.join(' ')} ${process.platform} ${process.arch}`)
  .digest('hex')
  .slice(0, 8);

/** Where the program is once it was compiled. */
export const prometheus3Program =
  process.env['PROMETHEUS_3'] ?? path.join(cacheFolder, 'timestream-prometheus', `prometheus-${version}-${fingerprint}`, 'prometheus');

function sourceFolder() {
  const { status, stdout, stderr } = spawnSync('go', ['mod', 'download', '-json', `github.com/prometheus/prometheus@${moduleVersion}`], {
    encoding: 'utf8',
  });
  if (status !== 0) fail(`Prometheus ${version} could not be downloaded; it needs Go. ${stderr}${stdout}`);
  /** @type {{ readonly Dir: string }} */
  const { Dir } = JSON.parse(stdout);
  return Dir;
}

function compile() {
  console.error(`Compiling Prometheus ${version} (only the first time; a few minutes) ...`);
  mkdirSync(path.dirname(prometheus3Program), { recursive: true });
  // Under another name first: a build that broke off must not look like a program.
  const unfinished = `${prometheus3Program}.${process.pid}`;
  const options = { cwd: sourceFolder(), env: { ...process.env, GOWORK: 'off', CGO_ENABLED: '0' } };
  if (run('go', ['build', ...buildArguments, `-ldflags=${linkerFlags}`, '-o', unfinished, './cmd/prometheus'], options) !== 0)
    fail('It did not compile; see the message above.');
  renameSync(unfinished, prometheus3Program);
}

if (isProgram(import.meta.url) && !existsSync(prometheus3Program)) compile();
