import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));
const stampFile = path.join(repositoryRoot, 'node_modules', '.setup-stamp');
const nxProgram = path.join(repositoryRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js');
const oldestNode = /** @type {const} */ ([20, 19]);

/** Whether the module with this address is the program that was started, and not imported by another. */
export const isProgram = (/** @type {string} */ moduleUrl) =>
  process.argv[1] !== undefined && moduleUrl === pathToFileURL(process.argv[1]).href;

/**
 * Runs a command in the repository and gives its exit code; its output is the caller's own.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ readonly cwd?: string; readonly env?: NodeJS.ProcessEnv }} [options]
 * @returns {number}
 */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: repositoryRoot, stdio: 'inherit', ...options });
  if (error) throw error;
  return signal ? 1 : (status ?? 1);
}

/**
 * Like `run`, and others may run meanwhile.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ readonly cwd?: string; readonly env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} the exit code
 */
export function runBeside(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: repositoryRoot, stdio: 'inherit', ...options });
    child.on('error', reject);
    child.on('close', (code) => {
      resolve(code ?? 1);
    });
  });
}

/**
 * Like `run`, but does not wait: gives the exit code and everything that was printed, for whoever runs several commands at once.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ readonly cwd?: string; readonly env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<{ readonly status: number; readonly output: string }>}
 */
export function runAside(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: repositoryRoot, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let output = '';
    const collect = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ status: code ?? 1, output });
    });
  });
}

/** How the npm that runs this script is started, or the one on PATH when none does. */
export function npmCommand() {
  const npm = process.env['npm_execpath'];
  return npm === undefined ? { command: 'npm', firstArgs: [] } : { command: process.execPath, firstArgs: [npm] };
}

/**
 * How nx is started, for whoever runs it beside other commands.
 *
 * @param {readonly string[]} args
 */
export const nxCommand = (args) => ({ command: process.execPath, args: [nxProgram, ...args], env: nxEnvironment() });

/**
 * @param {readonly string[]} args
 * @param {{ readonly env?: NodeJS.ProcessEnv }} [options]
 * @returns {number}
 */
export function nx(args, options = {}) {
  return run(process.execPath, [nxProgram, ...args], { env: nxEnvironment(options.env) });
}

/** @param {NodeJS.ProcessEnv} [env] */
const nxEnvironment = (env) => ({ ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', ...env });

/**
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(message);
  process.exit(1);
}

function checkNodeVersion() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  if (major < oldestMajor || (major === oldestMajor && minor < oldestMinor)) {
    fail(`This needs Node ${oldestMajor}.${oldestMinor} or later; this is Node ${process.versions.node}.`);
  }
}

/** What the installed tree was made from: a change in any of it asks for a new install. */
function installationFingerprint() {
  const lock = readFileSync(path.join(repositoryRoot, 'package-lock.json'));
  return createHash('sha256').update(lock).update(`${process.platform} ${process.arch} ${process.versions.modules}`).digest('hex');
}

/** Installs from the lock file unless that was already done for this lock file, platform and Node ABI. */
export function install() {
  checkNodeVersion();
  const fingerprint = installationFingerprint();
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === fingerprint) return;
  console.error('Installing dependencies from package-lock.json (only the first time, and after it changes) ...');
  const { command, firstArgs } = npmCommand();
  if (run(command, [...firstArgs, 'ci', '--no-audit', '--no-fund', '--loglevel=error']) !== 0)
    fail('npm ci failed; see its message above.');
  writeFileSync(stampFile, fingerprint);
}

/** Builds what has changed. The output is shown only when a build fails. */
export function build() {
  const { status, stdout, stderr } = spawnSync(process.execPath, [nxProgram, 'run-many', '-t', 'build', '--output-style=static'], {
    cwd: repositoryRoot,
    env: nxEnvironment(),
    encoding: 'utf8',
  });
  if (status !== 0) fail(`The build failed.\n${stdout}\n${stderr}`);
}
