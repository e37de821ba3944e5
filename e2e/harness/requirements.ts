import { spawnSync } from 'node:child_process';
import process from 'node:process';

interface Requirement {
  /** The program as it is called. */
  readonly program: string;
  /** Set to 1 where skipping is not allowed. */
  readonly environmentName: string;
  readonly howToGetIt: string;
}

const requirements = {
  prometheus: {
    program: 'prometheus',
    environmentName: 'REQUIRE_PROMETHEUS',
    howToGetIt:
      'Debian and Ubuntu: `apt-get install --no-install-recommends prometheus`; elsewhere put the `prometheus` binary of a release on PATH.',
  },
  awsCli: {
    program: 'aws',
    environmentName: 'REQUIRE_AWS_CLI',
    howToGetIt: '`pip install awscli`, or the installer of your platform.',
  },
} as const satisfies Record<string, Requirement>;

/**
 * Whether a program that a suite needs is missing. Says loudly what is skipped and how to get it; where the environment demands the program,
 * a missing one is an error instead.
 */
export function isMissing(name: keyof typeof requirements): boolean {
  const { program, environmentName, howToGetIt } = requirements[name];
  const { error } = spawnSync(program, ['--version'], { stdio: 'ignore' });
  if (error === undefined) return false;
  const message = `the program \`${program}\` is not on PATH. ${howToGetIt}`;
  if (process.env[environmentName] === '1') throw new Error(`${environmentName}=1, but ${message}`);
  process.stderr.write(`\n*** SKIPPED: tests that need \`${program}\`: ${message}\n\n`);
  return true;
}
