import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../harness/requirements.js';
import { createTimestreamProcess, type TimestreamProcess } from '../harness/timestream-process.js';

const project = fileURLToPath(new URL('../jdbc', import.meta.url));

describe.skipIf(isMissing('maven'))('what a business intelligence tool asks through JDBC', () => {
  let timestream: TimestreamProcess;
  /** A copy: what is compiled does not belong beside the sources. */
  const copy = mkdtempSync(path.join(os.tmpdir(), 'jdbc-calls-'));

  beforeAll(async () => {
    cpSync(project, copy, { recursive: true });
    timestream = await createTimestreamProcess({
      database: 'db',
      table: 't',
      credentials: { accessKeyId: 'local', secretAccessKey: 'secret' },
    });
  });

  afterAll(async () => {
    await timestream.stop();
    rmSync(copy, { recursive: true, force: true });
  });

  async function testWithMaven(...args: readonly string[]): Promise<void> {
    const env = {
      ...process.env,
      TIMESTREAM_ENDPOINT: timestream.url,
      // Programs of Java that end after seconds gain nothing from being compiled well.
      JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC',
      AWS_JAVA_V1_DISABLE_DEPRECATION_ANNOUNCEMENT: 'true',
    };
    await new Promise<void>((resolve, reject) => {
      execFile('mvn', ['--batch-mode', '--quiet', ...args, 'test'], { cwd: copy, env, timeout: 300_000 }, (error, stdout, stderr) => {
        if (error === null) resolve();
        else reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
      });
    });
  }

  it('is answered: the calls of Amazon’s driver, through the SDK that it is built on', { timeout: 320_000 }, async () => {
    await testWithMaven();
    const report = readFileSync(path.join(copy, 'target/surefire-reports/JdbcCallsTest.txt'), 'utf8');
    expect(report).toContain('Tests run: 7, Failures: 0, Errors: 0, Skipped: 0');
  });

  if (process.env['JDBC_DRIVER'] === '1')
    it('is answered: the driver itself (JDBC_DRIVER=1)', { timeout: 320_000 }, async () => {
      await testWithMaven('-P', 'driver', '-Dtest=JdbcDriverTest');
      const report = readFileSync(path.join(copy, 'target/surefire-reports/JdbcDriverTest.txt'), 'utf8');
      expect(report).toContain('Tests run: 4, Failures: 0, Errors: 0, Skipped: 0');
    });
});
