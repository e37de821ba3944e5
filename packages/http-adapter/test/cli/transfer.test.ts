import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildProgram } from './build-program.js';
import { useEnvironmentKey } from './environment-key.js';
import { runCommand, type CommandRun } from './run-command.js';

const KEY = { accessKeyId: 'AKIDTRANSFER', secretAccessKey: 'secret' };
let leaveEnvironment: () => void;
let timestream: EmbeddedTimestream;
let folder: string;
let tables = 0;
let table: string;

beforeAll(async () => {
  timestream = await startEmbeddedTimestream({ credentials: [KEY] });
  leaveEnvironment = useEnvironmentKey(KEY);
});

afterAll(async () => {
  leaveEnvironment();
  await timestream.close();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'timestream-prometheus-transfer-'));
  tables += 1;
  table = `table_${tables}`;
  await timestream.createTable({ databaseName: 'db', tableName: table, magneticStoreWrites: true });
});

function destination(): string[] {
  return [
    `--write-base-endpoint=${timestream.url}`,
    `--query-base-endpoint=${timestream.url}`,
    '--default-database=db',
    `--default-table=${table}`,
    `--state-file=${join(folder, 'state.json')}`,
  ];
}

function transfer(command: 'import' | 'export', file: string, ...more: readonly string[]): Promise<CommandRun> {
  return runCommand([command, file, ...destination(), ...more]);
}

/** Seconds, on a whole minute half an hour ago. */
const startSeconds = Math.floor(Date.now() / 60_000) * 60 - 1800;

function openMetrics(seriesCount: number, samplesOfEach: number): string {
  const lines = ['# TYPE demo gauge'];
  const special = ['NaN', '+Inf', '-Inf', '-0', '5e-324', '1.7976931348623157e+308'];
  for (let series = 0; series < seriesCount; series += 1) {
    for (let index = 0; index < samplesOfEach; index += 1) {
      const value = special[index] ?? String(Math.sin(series * 1000 + index) * 1e6);
      lines.push(
        `demo{series="${series}",text="a\\"b\\\\c\\nd"} ${value} ${startSeconds + index}.${String(series % 1000).padStart(3, '0')}`,
      );
    }
  }
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

// A busy machine takes its time for each of many commands.
describe('import and export', { timeout: 120_000 }, () => {
  it('bring text there and back, every bit of it', async () => {
    const file = write('in.txt', openMetrics(7, 300));
    const imported = await transfer('import', file, '--price-per-million-writes=0.5', '--price-per-gb-queried=0.02');
    expect(imported.err).toBe('');
    expect(imported.out).toMatch(/About 2100 samples, metered \d+ KiB, which cost 0\.0000\d+ \(from the first 2100\)/);
    // One metric in one portion, and 10 MB are the least that a query is metered.
    expect(imported.out).toContain(
      'The comparison afterwards takes this many queries or more: 1, metered at least 10 MB by Amazon Timestream, which cost at least 0.0002; --verify=false leaves it out',
    );
    expect(imported.out).toContain('2100 samples stored, 0 refused, 0 broken places');
    expect(imported.out).toContain('2100 samples compared: all are there, bit for bit');
    expect(imported.exitCode).toBe(0);
    expect(existsSync(join(folder, 'state.json'))).toBe(false);

    const out = join(folder, 'out.txt');
    const exported = await transfer('export', out, '--start=1h', '--window=10m', '--output=json');
    expect(exported).toMatchObject({ exitCode: 0, err: '' });
    expect(JSON.parse(exported.out)).toMatchObject({
      samples: 2100,
      staleMarkers: 0,
      leftOut: 0,
      verified: { compared: 2100, missing: 0, different: 0 },
    });
    const sorted = (name: string): string[] =>
      readFileSync(name, 'utf8')
        .split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'))
        .map((line) =>
          line.replace(/ (\S+) (\S+)$/, (_all, value: string, time: string) => ` ${Number(value.replace('Inf', 'Infinity'))} ${time}`),
        )
        .sort();
    expect(sorted(out)).toEqual(sorted(file));
    expect(readFileSync(out, 'utf8').endsWith('\n# EOF\n')).toBe(true);
  });

  it('names what is broken by file, line and reason, stores everything else, and says so by its exit code', async () => {
    const lines = [
      `good 1 ${startSeconds}`,
      `bad{a="b 1 ${startSeconds}`,
      `good nine ${startSeconds + 1}`,
      'good 1',
      `good 2 ${startSeconds + 2}`,
      `good{a="1",a="2"} 1 ${startSeconds}`,
      `good 3 ${startSeconds + 3} 4`,
    ];
    const file = write('broken.txt', `${lines.join('\n')}\n`);
    const { exitCode, out, err } = await transfer('import', file);
    expect(exitCode).toBe(3);
    expect(out).toContain('2 samples stored, 0 refused, 5 broken places in the source');
    expect(err.split('\n')).toEqual([
      expect.stringMatching(/broken\.txt:2: the text that begins at character 7 does not end$/),
      expect.stringMatching(/broken\.txt:3: "nine" is no value$/),
      expect.stringMatching(/broken\.txt:4: it has no time$/),
      expect.stringMatching(/broken\.txt:6: the label a is given twice$/),
      expect.stringMatching(/broken\.txt:7: "4" stands behind the time$/),
      '',
    ]);
  });

  it('tells which samples Timestream refuses, and that they are not there', async () => {
    const file = write('conflict.txt', `a 1 ${startSeconds}\nb 1 ${startSeconds}\n`);
    await transfer('import', file);
    const other = write('other.txt', `a 2 ${startSeconds}\nc 1 ${startSeconds}\n`);
    const { exitCode, out, err } = await transfer('import', other);
    expect(exitCode).toBe(3);
    expect(out).toContain('1 sample stored, 1 refused');
    expect(out).toContain('2 samples compared: 0 missing, 1 different');
    expect(err).toMatch(/refused \(1\): samples-rejected: .*conflicting-value/);
  });

  it('says beforehand what is too old for the table', async () => {
    table = 'short_lived';
    await timestream.createTable({ databaseName: 'db', tableName: table, magneticStoreWrites: true, magneticStoreRetentionDays: 30 });
    const file = write('old.txt', 'a 1 1000\n');
    const { exitCode, out } = await transfer('import', file, '--dry-run');
    expect(out).toMatch(/Of these first ones 1 would be refused: outside-retention/);
    expect(exitCode).toBe(0);
    expect(existsSync(join(folder, 'state.json'))).toBe(false);
  });

  it('goes on by itself when Timestream fails for a while', async () => {
    timestream.faults.failNext(1, 503, 'WriteRecords');
    const { exitCode, err } = await transfer('import', write('in.txt', openMetrics(1, 10)), '--max-write-retries=1');
    expect(exitCode).toBe(0);
    expect(err).toMatch(/^again in 1?\d s: timestream-unavailable/);
    timestream.faults.clear();
  });

  it('goes no faster than it is told', async () => {
    const startMs = Date.now();
    const { exitCode } = await transfer('import', write('in.txt', openMetrics(1, 1000)), '--max-samples-per-second=1000', '--verify=false');
    expect(exitCode).toBe(0);
    expect(Date.now() - startMs).toBeGreaterThan(900);
  });

  it('does not go on with the notes of other work', async () => {
    const file = write('in.txt', openMetrics(1, 10));
    write('state.json', '{"identity":"other work"}');
    const { exitCode, err } = await transfer('import', file);
    expect(exitCode).toBe(1);
    expect(err).toMatch(/--state-file: .* belongs to other work \(other work\)/);
  });

  it('goes on after kill -9 at any moment, and loses and doubles nothing', async () => {
    const program = await buildProgram('transfer');
    const file = write('in.txt', openMetrics(12, 1000));
    const out = join(folder, 'out.txt');
    const state = join(folder, 'state.json');
    const untilKilled = async (args: readonly string[]): Promise<number | null> => {
      const child = spawn(process.execPath, [program, ...args], { env: process.env, stdio: 'ignore' });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      // As soon as it has noted that it has come further than before, it is killed.
      const before = existsSync(state) ? readFileSync(state, 'utf8') : '';
      const look = setInterval(() => {
        if (existsSync(state) && readFileSync(state, 'utf8') !== before) child.kill('SIGKILL');
      }, 5);
      const code = await ended;
      clearInterval(look);
      return code;
    };
    expect(await untilKilled(['import', file, ...destination()])).toBeNull();
    expect(existsSync(state)).toBe(true);
    const imported = await transfer('import', file);
    expect(imported.out).toMatch(/Going on after \d+ samples/);
    expect(imported.out).toContain('12000 samples compared: all are there, bit for bit');
    expect(imported.exitCode).toBe(0);

    const exportArgs = ['--start=40m', '--window=10m'];
    expect(await untilKilled(['export', out, ...destination(), ...exportArgs])).toBeNull();
    const exported = await transfer('export', out, ...exportArgs);
    expect(exported.out).toMatch(/Going on after \d+ samples/);
    expect(exported.out).toContain('12000 samples compared: all are there, bit for bit');
    expect(
      readFileSync(out, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('demo{')),
    ).toHaveLength(12_000);
    rmSync(folder, { recursive: true });
  });
});
