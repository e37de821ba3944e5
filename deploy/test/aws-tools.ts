import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';
import { deployFolder } from '../stack/template-document.js';

/** SAM asks for no account, sends no statistics, and looks for no newer version. */
const environment = { ...process.env, AWS_DEFAULT_REGION: 'us-east-1', SAM_CLI_TELEMETRY: '0', AWS_EC2_METADATA_DISABLED: 'true' };

export interface ProgramRun {
  readonly status: number | null;
  readonly output: string;
}

export function runProgram(program: string, args: readonly string[], folder = deployFolder): ProgramRun {
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd: folder, env: environment, encoding: 'utf8' });
  return { status, output: error === undefined ? stdout + stderr : error.message };
}

/** Whether a suite must be skipped for want of a program. Says so loudly; where the environment demands the program, it is an error. */
export function isMissing(what: string, isThere: boolean, requiredBy: string, howToGetIt: string): boolean {
  if (isThere) return false;
  const message = `${what} is not on this machine. ${howToGetIt}`;
  if (process.env[requiredBy] === '1') throw new Error(`${requiredBy}=1, but ${message}`);
  process.stderr.write(`\n*** SKIPPED: ${message}\n\n`);
  return true;
}

function fileOnPath(program: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** A Python that has the SAM translator: the system's own, or the one that cfn-lint or sam runs on, which both bring it. */
export function findSamPython(): string | undefined {
  const interpreters = ['cfn-lint', 'sam'].flatMap((program) => {
    const file = fileOnPath(program);
    const shebang = file === undefined ? undefined : /^#!(\S*python\S*)$/m.exec(readFileSync(file, 'latin1').slice(0, 300))?.[1];
    return shebang === undefined ? [] : [shebang];
  });
  return ['python3', ...interpreters].find((python) => runProgram(python, ['-c', 'import samtranslator']).status === 0);
}
