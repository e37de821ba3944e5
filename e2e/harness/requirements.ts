import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { prometheus3Program } from '@timestream-prometheus/scripts/install-prometheus-3';
import { runtimeClientFile } from '../lambda/runtime-client.js';

interface Requirement {
  /** As the message names it. */
  readonly name: string;
  readonly isThere: () => boolean;
  /** Set to 1 where skipping is not allowed. */
  readonly environmentName: string;
  readonly howToGetIt: string;
}

function isOnPath(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}

const requirements = {
  prometheus: {
    name: 'the program `prometheus`',
    isThere: () => isOnPath('prometheus'),
    environmentName: 'REQUIRE_PROMETHEUS',
    howToGetIt:
      'Debian and Ubuntu: `apt-get install --no-install-recommends prometheus`; elsewhere put the `prometheus` binary of a release on PATH.',
  },
  prometheus3: {
    name: 'Prometheus 3',
    isThere: () => existsSync(prometheus3Program),
    environmentName: 'REQUIRE_PROMETHEUS_3',
    howToGetIt:
      '`node scripts/install-prometheus-3.mjs` compiles it, with Go; or PROMETHEUS_3 names the program `prometheus` of a release.',
  },
  go: {
    name: 'the program `go`, 1.26 or later',
    isThere: () => spawnSync('go', ['version'], { stdio: 'ignore' }).error === undefined,
    environmentName: 'REQUIRE_GO',
    howToGetIt: 'Install Go from your platform or from a release archive.',
  },
  maven: {
    name: 'the program `mvn`',
    isThere: () => isOnPath('mvn'),
    environmentName: 'REQUIRE_MAVEN',
    howToGetIt: 'Debian and Ubuntu: `apt-get install --no-install-recommends maven default-jdk-headless`.',
  },
  pytest: {
    name: 'pytest with boto3',
    isThere: () => spawnSync('python3', ['-c', 'import boto3, pytest'], { stdio: 'ignore' }).status === 0,
    environmentName: 'REQUIRE_PYTHON',
    howToGetIt: 'Debian and Ubuntu: `apt-get install --no-install-recommends python3-pytest python3-boto3`.',
  },
  awsCli: {
    name: 'the program `aws`',
    isThere: () => isOnPath('aws'),
    environmentName: 'REQUIRE_AWS_CLI',
    howToGetIt: '`pip install awscli`, or the installer of your platform.',
  },
  chromium: {
    name: 'the browser `chromium`',
    isThere: () => isOnPath('chromium'),
    environmentName: 'REQUIRE_CHROMIUM',
    howToGetIt: 'Debian and Ubuntu: `apt-get install --no-install-recommends chromium`.',
  },
  zsh: {
    name: 'the shell `zsh`',
    isThere: () => isOnPath('zsh'),
    environmentName: 'REQUIRE_ZSH',
    howToGetIt: 'Debian and Ubuntu: `apt-get install --no-install-recommends zsh`.',
  },
  fish: {
    name: 'the shell `fish`',
    isThere: () => isOnPath('fish'),
    environmentName: 'REQUIRE_FISH',
    howToGetIt: 'Debian and Ubuntu: `apt-get install --no-install-recommends fish`.',
  },
  lambdaRuntime: {
    name: "AWS' Lambda runtime client for Node.js",
    isThere: () => existsSync(runtimeClientFile),
    environmentName: 'REQUIRE_LAMBDA_RUNTIME',
    howToGetIt: '`node scripts/install-lambda-runtime.mjs` compiles it; it needs Linux, cmake, make, g++, python3 and xz.',
  },
} as const satisfies Record<string, Requirement>;

/**
 * Whether something that a suite needs is missing. Says loudly what is skipped and how to get it; where the environment demands it,
 * its absence is an error instead.
 */
export function isMissing(key: keyof typeof requirements): boolean {
  const { name, isThere, environmentName, howToGetIt } = requirements[key];
  if (isThere()) return false;
  const message = `${name} is not on this machine. ${howToGetIt}`;
  if (process.env[environmentName] === '1') throw new Error(`${environmentName}=1, but ${message}`);
  process.stderr.write(`\n*** SKIPPED: tests that need ${name}: ${message}\n\n`);
  return true;
}
