import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { query, readBody, series, writeBody } from '@timestream-prometheus/connector-testing';
import { startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useEnvironmentKey } from './environment-key.js';
import { runCommand, type CommandRun } from './run-command.js';

const KEY = { accessKeyId: 'AKIDEXPLAIN', secretAccessKey: 'secret' };
let leaveEnvironment: () => void;
const folder = mkdtempSync(join(tmpdir(), 'timestream-prometheus-explain-'));
let timestream: EmbeddedTimestream;
const nowMs = Date.now();

beforeAll(async () => {
  timestream = await startEmbeddedTimestream({ credentials: [KEY], create: [{ databaseName: 'db', tableName: 'tbl' }] });
  leaveEnvironment = useEnvironmentKey(KEY);
  const file = join(folder, 'in.txt');
  const lines = Array.from(
    { length: 100 },
    (_, index) => `up{job="node",host="h${index % 4}"} ${index} ${(nowMs - index * 1000) / 1000}\n`,
  );
  writeFileSync(file, lines.join(''));
  await runCommand(['import', file, ...destination(), `--state-file=${join(folder, 'state.json')}`, '--verify=false']);
});

afterAll(async () => {
  leaveEnvironment();
  await timestream.close();
});

function destination(): string[] {
  return [
    `--write-base-endpoint=${timestream.url}`,
    `--query-base-endpoint=${timestream.url}`,
    '--default-database=db',
    '--default-table=tbl',
  ];
}

function explain(...args: readonly string[]): Promise<CommandRun> {
  return runCommand(['explain', ...args, ...destination()]);
}

describe('explain', { timeout: 60_000 }, () => {
  it('shows of each matcher what Timestream evaluates, and why not the rest', async () => {
    const { exitCode, out } = await explain('up{job="node",host=~"h[0-3]x?",zone!="a"}');
    expect(exitCode).toBe(0);
    const text = out.replaceAll(/\s+/g, ' ');
    expect(text).toContain('exact job="node": it means one value. In SQL: "job" = \'node\'');
    expect(text).toMatch(/(exact|wider) host=~"h\[0-3\]x\?": .* In SQL: /);
    expect(text).toContain('none zone!="a": series without the label pass, and no series of the table has a column zone');
    expect(out).toContain('FROM "db"."tbl" WHERE');
    expect(out).not.toContain('took');
  });

  it('asks nothing for a label that no series has', async () => {
    const { out } = await explain('up{nowhere="x"}', '--run');
    expect(out).toContain('nothing is asked');
    expect(out).toContain('0 series, 0 samples');
  });

  it('measures what each selector of a query reads, and what that costs', async () => {
    const { exitCode, out } = await explain('sum(rate(up[2m])) / sum(up)', '--run', '--output=json', '--price-per-gb-queried=10');
    expect(exitCode).toBe(0);
    const { questions } = JSON.parse(out) as {
      readonly questions: readonly { readonly measure: Readonly<Record<string, number>>; readonly cost: number }[];
    };
    expect(questions).toHaveLength(2);
    for (const { measure, cost } of questions) {
      expect(measure).toMatchObject({ series: 4 });
      expect(measure['pages']).toBeGreaterThan(0);
      expect(cost).toBeCloseTo((measure['meteredBytes'] ?? 0) / 1e8, 9);
    }
  });

  it('says what of a query Timestream does, and what that saves', async () => {
    const { exitCode, out } = await explain('max_over_time(up[2m]) + up', '--step=60', '--run', '--output=json');
    expect(exitCode).toBe(0);
    const { questions } = JSON.parse(out) as {
      readonly questions: readonly Readonly<Record<'measure' | 'measureOfAll', Readonly<Record<string, number>>>>[];
    };
    expect(questions).toMatchObject([
      { question: { bins: { widthMs: 60_000, need: 'greatest' } } },
      { question: { bins: { need: 'newest' } } },
    ]);
    for (const { measure, measureOfAll } of questions) {
      expect(measure['samples']).toBeLessThan(measureOfAll['samples'] ?? 0);
      expect(measure['bytes']).toBeLessThan(measureOfAll['bytes'] ?? 0);
    }
    const { out: text } = await explain('count_over_time(up[2m]) + rate(up[2m])', '--step=60', '--run');
    const words = text.replaceAll(/\s+/g, ' ');
    expect(words).toContain('pushed down of each series and 60 s only how many samples there are');
    expect(words).toContain('pushed down nothing but matchers and times');
    expect(words).toMatch(/without it \d+ statements?, /);
    const { out: off } = await explain('count_over_time(up[2m])', '--promql-pushdown=false', '--step=60');
    expect(off).not.toContain('of each series');
  });

  it('shows an aggregation that Timestream computes, and what that saves', async () => {
    const { out } = await explain('max by (job) (up)', '--step=60', '--run');
    const words = out.replaceAll(/\s+/g, ' ');
    expect(words).toMatch(/pushed down the aggregation itself: max by \(job\) at \d+ moments/);
    expect(words).toContain('lead("packed:step")');
    expect(words).toMatch(/answer 1 series, \d+ samples?/);
    expect(words).toMatch(/without it \d+ statements?, /);
    const { out: off } = await explain('max(up)', '--promql-pushdown=false');
    expect(off).not.toContain('the aggregation itself');
    const { out: unsure } = await explain('count({__name__=~"u.*"})');
    expect(unsure).toContain('of each series only the newest sample');
  });

  it('explains a captured remote read', async () => {
    const file = join(folder, 'read.bin');
    writeFileSync(file, readBody([query(nowMs - 60_000, nowMs, ['__name__', '=', 'up'], ['host', '=~', 'h1|h2'])]));
    const { out } = await explain(`--read-body=${file}`, '--run');
    expect(out).toContain(`"host" IN ('h1', 'h2')`);
    expect(out).toContain('2 series, 30 samples');
  });

  it('says of a captured write what it becomes, what it costs and what would be refused, and writes nothing', async () => {
    const file = join(folder, 'write.bin');
    const long = 'x'.repeat(3000);
    writeFileSync(
      file,
      writeBody([
        series({ __name__: 'up', job: 'new', rack: '1' }, [nowMs, 1], [5, 1]),
        series({ __name__: 'up', rack: long }, [nowMs, 1]),
      ]),
    );
    const before = timestream.usage();
    const { exitCode, out } = await explain(`--write-body=${file}`, '--output=json', '--price-per-million-writes=500000');
    expect(exitCode).toBe(0);
    const explained = JSON.parse(out) as {
      readonly refused: readonly { readonly reason: string; readonly count: number }[];
      readonly meteredKiB: number;
      readonly cost: number;
    };
    expect(explained).toMatchObject({ series: 2, samples: 3, newDimensions: ['rack'], records: 2, batches: 1 });
    expect(explained.refused.map(({ count }) => count)).toEqual([1, 1]);
    expect(explained.refused.at(-1)?.reason).toBe('outside-retention');
    expect(explained.cost).toBeCloseTo(explained.meteredKiB / 2, 9);
    expect(timestream.usage().recordsIngested).toBe(before.recordsIngested);
    const { out: text } = await explain(`--write-body=${file}`);
    expect(text).toContain('in 1 WriteRecords call');
  });

  it.each([
    [['up{'], 1, /malformed-query/],
    [['up', '--read-body=x'], 2, /give one of/],
    [['--write-body=/nonexistent'], 1, /--write-body: cannot read \/nonexistent: there is no such file/],
    [['up', '--start=yesterday'], 2, /--start must be a time such as/],
  ])('refuses %j in one line', async (args, exitCode, message) => {
    const run = await explain(...args);
    expect(run.exitCode).toBe(exitCode);
    expect(run.err).toMatch(message);
    expect(run.err.trimEnd().split('\n')).toHaveLength(1);
  });
});
