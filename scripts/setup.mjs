import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = fileURLToPath(new URL('..', import.meta.url));
const stampFile = path.join(repositoryRoot, 'node_modules', '.setup-stamp');
const oldestNode = [20, 19];

/** Runs a command in the repository and gives its exit code; its output is the caller's own. */
export function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { cwd: repositoryRoot, stdio: 'inherit', ...options });
  if (error) throw error;
  return signal ? 1 : (status ?? 1);
}

export function nx(args, options = {}) {
  const env = { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', ...options.env };
  return run(process.execPath, [path.join(repositoryRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js'), ...args], { ...options, env });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}

function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
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
  const npm = process.env.npm_execpath;
  const status = npm
    ? run(process.execPath, [npm, 'ci', '--no-audit', '--no-fund', '--loglevel=error'])
    : run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (status !== 0) fail('npm ci failed; see its message above.');
  writeFileSync(stampFile, fingerprint);
}

/** Builds what has changed. The output is shown only when a build fails. */
export function build() {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [path.join(repositoryRoot, 'node_modules', 'nx', 'dist', 'bin', 'nx.js'), 'run-many', '-t', 'build', '--output-style=static'],
    { cwd: repositoryRoot, env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false' }, encoding: 'utf8' },
  );
  if (status !== 0) fail(`The build failed.\n${stdout}\n${stderr}`);
}
