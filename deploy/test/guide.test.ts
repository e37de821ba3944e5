import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing, runProgram } from './aws-tools.js';
import { deployFolder } from '../stack/template-document.js';

const guide = readFileSync(`${deployFolder}/../docs/serverless.md`, 'utf8');

/** The blocks that the guide marks as needing nothing but a Timestream, in their order. */
const offlineBlocks = Array.from(guide.matchAll(/<!-- offline -->\n\n([ ]*)```shell\n([\s\S]*?)\n\1```/g), ([, indent, block]) =>
  (block ?? '').replaceAll(new RegExp(`^${indent ?? ''}`, 'gm'), ''),
);

const lacksAws = isMissing(
  'the aws command line',
  runProgram('aws', ['--version']).status === 0,
  'REQUIRE_AWS_CLI',
  'To run the commands of docs/serverless.md: `pip install awscli`.',
);

describe.skipIf(lacksAws)('the commands of docs/serverless.md', () => {
  const key = { accessKeyId: 'AKIAEXAMPLEACCESSKEY', secretAccessKey: 'example/secret+access/key' };
  let timestream: EmbeddedTimestream;
  let home: string;

  beforeAll(async () => {
    timestream = await startEmbeddedTimestream({ credentials: [key] });
    home = mkdtempSync(path.join(tmpdir(), 'guide-'));
  });
  afterAll(async () => {
    await timestream.close();
    rmSync(home, { recursive: true, force: true });
  });

  /** Runs a block as a person would, in a shell whose `aws` asks the embedded Timestream. */
  async function run(block: string | undefined): Promise<string> {
    const script = `set -euo pipefail\naws() { command aws --endpoint-url "$TIMESTREAM_URL" --output json "$@"; }\n${block ?? 'exit 9'}\n`;
    const { stdout } = await promisify(execFile)('bash', ['-c', script], {
      env: {
        ...process.env,
        HOME: home,
        PYENV_ROOT: process.env['PYENV_ROOT'],
        TIMESTREAM_URL: timestream.url,
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_PAGER: '',
      },
    });
    return stdout;
  }

  it('make the table, find it empty, write a sample, find it, and clean up', async () => {
    const [create, count, write, cleanUp, ...others] = offlineBlocks;
    expect(others).toEqual([]);
    expect(await run(create)).toContain('"TableStatus": "ACTIVE"');
    expect(await run(count)).toContain('"ScalarValue": "0"');
    await run(write);
    expect(await run(count)).toContain('"ScalarValue": "1"');
    await run(cleanUp);
    await expect(run(count)).rejects.toThrow();
  });
});
