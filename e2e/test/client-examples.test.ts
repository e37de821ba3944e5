import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isMissing } from '../harness/requirements.js';
import { createTimestreamProcess, type TimestreamProcess } from '../harness/timestream-process.js';

const packageFolder = fileURLToPath(new URL('../../packages/timestream-embedded', import.meta.url));
const examples = path.join(packageFolder, 'examples');
/** The one that the examples have. */
const credentials = { accessKeyId: 'local', secretAccessKey: 'secret' };

describe('the examples of the embedded Timestream, run as its README says', () => {
  let timestream: TimestreamProcess;
  /** Copies: what the programs compile and cache does not belong beside what is published. */
  const copies = mkdtempSync(path.join(os.tmpdir(), 'client-examples-'));

  beforeAll(async () => {
    cpSync(examples, copies, { recursive: true });
    timestream = await createTimestreamProcess({ database: 'db', table: 't', credentials });
  });

  afterAll(async () => {
    await timestream.stop();
    rmSync(copies, { recursive: true, force: true });
  });

  /** Gives what the program printed, or fails with it. */
  function run(folder: string, command: string, ...args: readonly string[]): Promise<string> {
    // Programs of Java that end after seconds gain nothing from being compiled well.
    const javaOptions = '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC';
    const env = { ...process.env, TIMESTREAM_ENDPOINT: timestream.url, PYTHONDONTWRITEBYTECODE: '1', JAVA_TOOL_OPTIONS: javaOptions };
    const options = { cwd: path.join(copies, folder), env, timeout: 300_000 };
    return new Promise((resolve, reject) => {
      execFile(command, args, options, (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(`${error.message}\n${stdout}\n${stderr}`));
      });
    });
  }

  it.skipIf(isMissing('maven'))("Java: `mvn test`, with AWS' SDK for Java 2", { timeout: 320_000 }, async () => {
    await run('java', 'mvn', '--batch-mode', '--quiet', 'test');
    const report = readFileSync(path.join(copies, 'java/target/surefire-reports/TimestreamTest.txt'), 'utf8');
    expect(report).toContain('Tests run: 4, Failures: 0, Errors: 0, Skipped: 0');
  });

  it.skipIf(isMissing('go'))("Go: `go test`, with AWS' SDK for Go 2", { timeout: 320_000 }, async () => {
    const output = await run('go', 'go', 'test', '-v', '-count=1', './...');
    expect(output.match(/^--- PASS: .*/gm)).toHaveLength(3);
    // What starts containers takes minutes to compile: in the nightly run.
    if (process.env['CASES'] !== undefined) await run('go', 'go', 'vet', '-tags', 'container', './...');
  });

  it.skipIf(isMissing('pytest'))('Python: `pytest`, with boto3', async () => {
    expect(await run('python', 'python3', '-m', 'pytest', '--quiet', '-p', 'no:cacheprovider')).toContain('3 passed');
  });

  it('Node.js: `node --test`, with the server in the same process', async () => {
    // Where it stands, the packages that it imports are found.
    expect(await run('.', process.execPath, '--test', path.join(examples, 'node.test.mjs'))).toMatch(/pass 1\n[^]*fail 0/);
  });

  it('what the README shows of a language stands in its example, to the letter', () => {
    const readme = readFileSync(path.join(packageFolder, 'README.md'), 'utf8');
    const sources = readdirSync(examples, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(java|go|py)$/.test(name))
      .map((name) => readFileSync(path.join(examples, name), 'utf8'));
    const unindented = (text: string): string => text.replaceAll(/^\s+/gm, '');
    for (const language of ['java', 'python', 'go']) {
      const shown = [...readme.matchAll(new RegExp('```' + language + '\\n([^]*?)```', 'g'))].map(([, code = '']) => unindented(code));
      expect(shown.length, language).toBeGreaterThan(0);
      for (const code of shown)
        expect(
          sources.some((source) => unindented(source).includes(code)),
          code,
        ).toBe(true);
    }
  });
});
