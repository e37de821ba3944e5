import { spawnSync } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ResourceActions } from '../policy/resource-actions.js';
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

function filesOnPath(program: string): readonly string[] {
  return (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, program))
    .filter((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/** A Python that runs `check` without an error: the system's own, or one that cfn-lint, sam, moto or kubernetes-validate runs on. */
export function findPython(check: string): string | undefined {
  const interpreters = ['cfn-lint', 'sam', 'moto_server', 'kubernetes-validate'].flatMap(filesOnPath).flatMap((file) => {
    const shebang = /^#!(\S*python\S*)$/m.exec(readFileSync(file, 'latin1').slice(0, 300))?.[1];
    return shebang === undefined ? [] : [shebang];
  });
  return ['python3', ...new Set(interpreters)].find((python) => runProgram(python, ['-c', check]).status === 0);
}

/** Python with moto, and with a cfn-lint beside it whose schemas say what a type's handlers do (older ones leave that out). */
export const motoCheck = `import moto, samtranslator
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", "AWS::Logs::LogGroup").schema["handlers"]`;

/** From the schemas of the types: every action that CloudFormation performs in its caller's name. */
export function resourceActions(python: string, types: readonly string[]): ResourceActions {
  const { status, output } = runProgram(python, ['test/resource-permissions.py', ...types]);
  if (status !== 0) throw new Error(output);
  return JSON.parse(output) as ResourceActions;
}
