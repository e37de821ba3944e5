import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serverKeyOf } from '../package.mjs';
import { createStack } from '../stack/create-stack.js';
import { loadTemplate, textOf, type JsonRecord } from '../stack/template-document.js';

const packageBytes = new Uint8Array([1, 2, 3]);

/** What an instance runs when it starts, with the parameters filled in. */
function startScript(parameters: Readonly<Record<string, string>> = {}): string {
  const stack = createStack(loadTemplate('privatelink/template.yml'), {
    parameters: { ServerBucket: 'packages', ServerKey: `releases/${serverKeyOf(packageBytes)}`, ...parameters },
  });
  const launched = stack.resources['LaunchTemplate']?.properties['LaunchTemplateData'] as JsonRecord;
  return Buffer.from(textOf(launched['UserData']), 'base64').toString();
}

/** Everything that the script calls and that would touch the machine: each call is a line of the file `calls`, what it reads beside it. */
const stub = `#!/bin/bash
program=$(basename "$0")
echo "$program $*" >> "$CALLS"
case "$program $*" in
  *api/token*) echo token ;;
  *instance-id*) echo i-0123456789abcdef0 ;;
  aws\\ s3*) cp "$PACKAGE" "\${@: -1}" ;;
  install*/dev/stdin*) sed 's/^/  /' >> "$CALLS" ;;
esac
[[ "$program $*" != *"$FAILS"* ]]
`;

interface Start {
  readonly exitCode: number;
  readonly output: string;
  readonly calls: readonly string[];
}

describe('the start of an instance in the VPC', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'instance-start-'));
    mkdirSync(path.join(folder, 'bin'));
    for (const program of ['aws', 'curl', 'dnf', 'install', 'journalctl', 'mkdir', 'systemctl', 'unzip', 'useradd']) {
      writeFileSync(path.join(folder, 'bin', program), stub);
      chmodSync(path.join(folder, 'bin', program), 0o755);
    }
    writeFileSync(path.join(folder, 'connector-server.zip'), packageBytes);
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  async function run(script: string, fails = 'nothing fails'): Promise<Start> {
    const calls = path.join(mkdtempSync(path.join(folder, 'run-')), 'calls');
    const scriptFile = path.join(folder, 'user-data.sh');
    writeFileSync(scriptFile, script);
    const environment = {
      PATH: `${path.join(folder, 'bin')}:${process.env['PATH'] ?? ''}`,
      CALLS: calls,
      PACKAGE: path.join(folder, 'connector-server.zip'),
      FAILS: fails,
    };
    return await new Promise((resolve) => {
      execFile('bash', [scriptFile], { env: environment }, (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : Number(error.code);
        resolve({ exitCode, output: stdout + stderr, calls: readFileSync(calls, 'utf8').trimEnd().split('\n') });
      });
    });
  }

  const signalOf = ({ calls }: Start): readonly string[] =>
    calls.flatMap((call) => /signal-resource .*--status (\w+)/.exec(call)?.[1] ?? []);

  it('fetches the package, installs Node.js and the service, waits until the connector is ready, and says so', async () => {
    const start = await run(startScript());
    expect(start.output).not.toContain('failed');
    expect(start.exitCode).toBe(0);
    expect(signalOf(start)).toEqual(['SUCCESS']);
    expect(start.calls.at(-1)).toBe(
      'aws cloudformation signal-resource --region us-east-1 --stack-name PrometheusTimestreamConnector --logical-resource-id ConnectorGroup --unique-id i-0123456789abcdef0 --status SUCCESS',
    );
    expect(start.calls.at(-2)).toContain('http://127.0.0.1:9201/-/ready');
    expect(start.calls).toContain('systemctl enable --now timestream-prometheus');
  });

  it('gives the service the options of the stack, with the endpoints of the cells, so that nothing has to be discovered over the internet', async () => {
    const { calls } = await run(
      startScript({ TimestreamWriteCell: 'ingest-cell2', TimestreamQueryCell: 'query-cell3', DefaultTable: 'Mine' }),
    );
    expect(calls).toEqual(
      expect.arrayContaining([
        '  write_base_endpoint=https://ingest-cell2.timestream.us-east-1.amazonaws.com',
        '  query_base_endpoint=https://query-cell3.timestream.us-east-1.amazonaws.com',
        '  default_table=Mine',
        '  enable_sigv4_auth=true',
        '  web_listen_address=:9201',
      ]),
    );
  });

  it.each([
    ['Amazon Linux’ packages cannot be had', 'dnf'],
    ['the package cannot be had', 'aws s3'],
    ['the service does not start', 'systemctl enable'],
    ['the connector is not ready in time', '/-/ready'],
  ])('says that it failed, and why, when %s', async (_name, fails) => {
    const start = await run(startScript(), fails);
    expect(start.exitCode).toBe(1);
    expect(signalOf(start)).toEqual(['FAILURE']);
    expect(start.output).toMatch(/connector: line \d+ of the start failed with exit code 1/);
    expect(start.calls).toContain('journalctl --unit timestream-prometheus --lines 50 --no-pager');
  });

  it('refuses a package whose content is not what its key names', async () => {
    const start = await run(startScript({ ServerKey: 'connector-server-0123456789abcdef.zip' }));
    expect(signalOf(start)).toEqual(['FAILURE']);
    expect(start.output).toContain('the package must have the SHA-256 that its key names');
    expect(start.calls.filter((call) => call.startsWith('unzip'))).toEqual([]);
  });

  it('is no failure when nobody waits for the signal any more: the group replaced a broken instance by itself', async () => {
    const start = await run(startScript(), 'signal-resource');
    expect(start.exitCode).toBe(0);
  });
});
