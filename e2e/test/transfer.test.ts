import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/child-program.js';
import { isMissing } from '../harness/requirements.js';
import { runConnectorCommand, type CommandRun } from '../harness/run-connector-command.js';
import { makeFolder, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';

/** A number that no text shortens by accident, and one of each kind that is special. */
const exposition = [0.1 + 0.2, 5e-324, -0, 1e300]
  .map((value, index) => `demo{number="${index}"} ${Object.is(value, -0) ? '-0' : value}\n`)
  .join('');

describe.skipIf(isMissing('prometheus'))('what a real Prometheus holds', () => {
  let connector: RunningConnector;
  let prometheus: RunningPrometheus;
  let snapshot: string;
  const folder = makeFolder('transfer');

  const command = (table: string, args: readonly string[]): Promise<CommandRun> => runConnectorCommand(connector, { table, folder }, args);

  beforeAll(async () => {
    const target = createServer((_request, response) => void response.end(exposition));
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    const { port } = target.address() as AddressInfo;
    connector = await startConnector();
    prometheus = await startPrometheus({
      scrapeConfigs: `- job_name: demo\n  static_configs:\n  - targets: ["127.0.0.1:${port}"]`,
      extraArguments: ['--web.enable-admin-api'],
    });
    await eventually('three scrapes of the demo', async () => {
      const result = (await prometheus.queryInstant('count_over_time(demo{number="0"}[1m])')) as {
        readonly value: readonly [number, string];
      }[];
      return Number(result[0]?.value[1] ?? 0) >= 3;
    });
    target.closeAllConnections();
    await new Promise((resolve) => target.close(resolve));
    // From then on Prometheus has a staleness marker for each series of the target.
    await eventually('the demo to be stale', async () => ((await prometheus.queryInstant('demo')) as unknown[]).length === 0);
    const answer = await fetch(`${prometheus.url}/api/v1/admin/tsdb/snapshot`, { method: 'POST' });
    const body = (await answer.json()) as Readonly<Record<string, { readonly name: string }>>;
    const dataDir =
      /--storage\.tsdb\.path=(\S+)/.exec(readFileSync(`/proc/${prometheus.program.pid}/cmdline`, 'utf8').replaceAll('\0', ' '))?.[1] ?? '';
    snapshot = path.join(dataDir, 'snapshots', body['data']?.name ?? '');
    expect(readdirSync(snapshot)).not.toEqual([]);
    const made = await Promise.all(['Blocks', 'Broken', 'Read', 'Text'].map((table) => command(table, ['table', 'create'])));
    expect(made.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
  }, 240_000);

  afterAll(async () => {
    await prometheus.program.stop();
    await connector.program.stop();
  });

  function dump(blocks: string, match = '{__name__=~"(?s:.*)"}'): readonly string[] {
    // It wants the folder of a log, also where there is none.
    mkdirSync(path.join(blocks, 'wal'), { recursive: true });
    return execFileSync('promtool', ['tsdb', 'dump', `--match=${match}`, blocks], { encoding: 'utf8', maxBuffer: 1 << 28 })
      .split('\n')
      .filter((line) => line !== '');
  }

  it('comes out of its blocks as it is, staleness markers too, and every sample of it', async () => {
    const { exitCode, out, err } = await command('Blocks', ['import', snapshot, '--output=json']);
    expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
    const { samples, verified } = JSON.parse(out) as { readonly samples: number; readonly verified: Readonly<Record<string, number>> };
    // The copy that promtool dumps is one that it may lock.
    const copy = path.join(folder, 'copy');
    cpSync(snapshot, copy, { recursive: true });
    expect(samples).toBe(dump(copy).length);
    expect(verified).toMatchObject({ compared: samples, missing: 0, different: 0 });

    const file = path.join(folder, 'demo.txt');
    const exported = await command('Blocks', ['export', file, '--match=demo', '--start=1h', '--output=json']);
    expect({ exitCode: exported.exitCode, err: exported.err }).toEqual({ exitCode: 0, err: '' });
    expect(JSON.parse(exported.out)).toMatchObject({ staleMarkers: 4, verified: { missing: 0, different: 0 } });
    const again = path.join(folder, 'again');
    execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', file, again], { stdio: 'ignore' });
    expect(dump(again).toSorted()).toEqual(
      dump(copy, 'demo')
        .filter((line) => !line.includes(' NaN '))
        .toSorted(),
    );
  });

  it('is stored but for what is broken, which is named by block, series and place', async () => {
    const broken = path.join(folder, 'broken');
    cpSync(snapshot, broken, { recursive: true });
    const [block = ''] = readdirSync(broken);
    const segment = path.join(broken, block, 'chunks', '000001');
    const bytes = readFileSync(segment);
    // In the middle of some chunk.
    const place = Math.floor(bytes.length / 2);
    bytes[place] = (bytes[place] ?? 0) ^ 0xff;
    writeFileSync(segment, bytes);
    const { exitCode, out, err } = await command('Broken', ['import', broken, '--state-file=broken.json']);
    expect(exitCode).toBe(3);
    expect(err).toMatch(new RegExp(`^${block}, .*\\{.*\\}?.*, segment 1 at byte \\d+: `));
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(out).toMatch(/ 0 refused, 1 broken place in the source/);
    expect(out).toContain('all are there, bit for bit');
  });

  it('comes by remote read, and as the text of promtool', async () => {
    const read = await command('Read', ['import', prometheus.url, '--match={job="demo"}', '--start=10m', '--state-file=read.json']);
    expect({ exitCode: read.exitCode, err: read.err }).toEqual({ exitCode: 0, err: '' });
    expect(read.out).toContain('all are there, bit for bit');

    const file = path.join(folder, 'dump.txt');
    const copy = path.join(folder, 'copy-of-text');
    cpSync(snapshot, copy, { recursive: true });
    const lines = dump(copy, 'up');
    writeFileSync(file, `${lines.join('\n')}\n`);
    const text = await command('Text', ['import', file, '--state-file=text.json']);
    expect({ exitCode: text.exitCode, err: text.err }).toEqual({ exitCode: 0, err: '' });
    expect(text.out).toContain(`${lines.length} samples compared: all are there, bit for bit`);
  });
});
