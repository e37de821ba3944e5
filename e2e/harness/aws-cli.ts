import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { accessKeyId, makeFolder, secretAccessKey } from './start-connector.js';

const runFile = promisify(execFile);

/** Runs the real aws command line against an endpoint, with keys from the environment only. Gives its standard output. */
export async function runAwsCli(
  endpointUrl: string,
  args: readonly string[],
  credentials = { accessKeyId, secretAccessKey },
): Promise<string> {
  const home = makeFolder('aws-home');
  const { stdout } = await runFile('aws', ['--endpoint-url', endpointUrl, '--output', 'json', ...args], {
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      PYENV_VERSION: process.env['PYENV_VERSION'],
      PYENV_ROOT: process.env['PYENV_ROOT'],
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_PAGER: '',
    },
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout;
}

interface CliQueryAnswer {
  readonly Rows: readonly { readonly Data: readonly { readonly ScalarValue?: string; readonly NullValue?: boolean }[] }[];
}

/** The rows of `aws timestream-query query`, all pages, null as null. */
export async function queryByAwsCli(endpointUrl: string, queryString: string): Promise<(string | null)[][]> {
  const answer = JSON.parse(await runAwsCli(endpointUrl, ['timestream-query', 'query', '--query-string', queryString])) as CliQueryAnswer;
  return answer.Rows.map(({ Data }) => Data.map(({ ScalarValue }) => ScalarValue ?? null));
}
