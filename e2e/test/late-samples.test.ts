import {
  basicAuthorization,
  PROTOCOL_HEADERS,
  PROTOCOL_HEADERS_V2,
  query,
  readBody,
  series,
  writeBody,
  writeBodyV2,
} from '@timestream-prometheus/connector-testing';
import { decodeReadResponse, decodeSnappy, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { AdjustableClock, startEmbeddedTimestream, type EmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessKeyId, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const authorization = basicAuthorization({ accessKeyId, secretAccessKey });

/** The two kinds of tables: with a memory store alone, and with magnetic-store writes for what comes late (docs/errors.md). */
const tables = {
  strict: { memoryStoreRetentionHours: 6, magneticStoreRetentionDays: 1, magneticStoreWrites: false },
  tolerant: { memoryStoreRetentionHours: 6, magneticStoreRetentionDays: 30, magneticStoreWrites: true },
};
type Table = keyof typeof tables;

describe('samples that come late, or too early', () => {
  const clock = new AdjustableClock();
  let timestream: EmbeddedTimestream;
  let connectors: Record<Table, RunningConnector>;
  let metrics = 0;
  const newMetric = (): string => `late_${String(++metrics)}`;

  beforeAll(async () => {
    timestream = await startEmbeddedTimestream({ clock, credentials: [{ accessKeyId, secretAccessKey }] });
    const start = async (table: Table): Promise<RunningConnector> => {
      await timestream.createTable({ databaseName: 'metrics', tableName: table, ...tables[table] });
      return startConnector({
        storage: 'aws',
        extraArguments: [
          '--default-database=metrics',
          `--default-table=${table}`,
          '--region=us-east-1',
          `--write-base-endpoint=${timestream.url}`,
          `--query-base-endpoint=${timestream.url}`,
        ],
      });
    };
    connectors = { strict: await start('strict'), tolerant: await start('tolerant') };
  });

  afterAll(async () => {
    for (const { program } of Object.values(connectors)) await program.kill();
    await timestream.close();
  });

  interface Written {
    readonly status: number;
    readonly text: string;
    /** What the answer says is stored; null for remote write 1.0, which has no such header. */
    readonly written: string | null;
  }

  async function write(table: Table, version: '1.0' | '2.0', timeseries: readonly TimeSeries[]): Promise<Written> {
    const response = await fetch(`${connectors[table].url}/write`, {
      method: 'POST',
      headers: { ...(version === '1.0' ? PROTOCOL_HEADERS : PROTOCOL_HEADERS_V2), authorization },
      body: version === '1.0' ? writeBody(timeseries) : writeBodyV2(timeseries),
    });
    return {
      status: response.status,
      text: await response.text(),
      written: response.headers.get('x-prometheus-remote-write-samples-written'),
    };
  }

  async function timesOf(table: Table, metric: string): Promise<readonly number[]> {
    const body = readBody([query(0, Date.now() + 400 * dayMs, ['__name__', '=', metric])]);
    const response = await fetch(`${connectors[table].url}/read`, {
      method: 'POST',
      headers: { ...PROTOCOL_HEADERS, authorization },
      body,
    });
    expect(response.status).toBe(200);
    const { results } = decodeReadResponse(decodeSnappy(new Uint8Array(await response.arrayBuffer()), { maxBytes: 1 << 20 }));
    return (results[0]?.timeseries ?? []).flatMap(({ samples }) => Array.from(samples.timestampsMs, Number));
  }

  async function countedAsOutside(table: Table): Promise<number> {
    const text = await (await fetch(`${connectors[table].url}/metrics`)).text();
    const line = /^timestream_connector_rejected_records_total\{[^}]*reason="outside-retention"[^}]*\} (\S+)$/m.exec(text);
    return Number(line?.[1] ?? 0);
  }

  it.each(['1.0', '2.0'] as const)(
    'of remote write %s are refused by name and counted where there is no magnetic store for them',
    async (version) => {
      const metric = newMetric();
      const nowMs = clock.nowMs();
      const before = await countedAsOutside('strict');
      const [lateMs, earlyMs] = [nowMs - 7 * hourMs, nowMs + 20 * minuteMs];
      const answer = await write('strict', version, [series({ __name__: metric, of: 'both' }, [lateMs, 1], [nowMs, 2], [earlyMs, 3])]);
      expect(answer.status).toBe(400);
      expect(answer.text).toContain(`outside-retention (2): {__name__="${metric}", of="both"} at ${lateMs} ms: `);
      expect(answer.written).toBe(version === '1.0' ? null : '1');
      expect(await countedAsOutside('strict')).toBe(before + 2);
      expect(await timesOf('strict', metric)).toEqual([nowMs]);
    },
  );

  it('go to the magnetic store where the table has one, and come again without being stored twice', async () => {
    const metric = newMetric();
    const nowMs = clock.nowMs();
    const timesMs = [nowMs - 29 * dayMs, nowMs - 7 * hourMs, nowMs, nowMs + 14 * minuteMs];
    const sent = [series({ __name__: metric }, ...timesMs.map((timestampMs): [number, number] => [timestampMs, 1]))];
    for (let round = 0; round < 3; round++) expect(await write('tolerant', '2.0', sent)).toMatchObject({ status: 204, written: '4' });
    expect(await timesOf('tolerant', metric)).toEqual(timesMs);
    const tooLate = await write('tolerant', '2.0', [series({ __name__: metric }, [nowMs - 40 * dayMs, 1])]);
    expect(tooLate).toMatchObject({ status: 400, written: '0' });
    expect(tooLate.text).toContain('outside-retention (1)');
    expect(await timesOf('tolerant', metric)).toEqual(timesMs);
  });

  it('are judged by the time at which they come, while the window moves on', async () => {
    const metric = newMetric();
    const beganMs = clock.nowMs();
    const sample = (timestampMs: number): TimeSeries[] => [series({ __name__: metric }, [timestampMs, 1])];
    const known: number[] = [];
    // An outage of the sender that becomes longer than the memory store keeps: it sends what it has, oldest first.
    for (const hours of [0, 2, 4, 6, 8, 10]) {
      clock.set(beganMs + hours * hourMs);
      const isInside = hours <= 6;
      const late = await write('strict', '1.0', sample(beganMs + hours));
      expect({ hours, status: late.status }).toEqual({ hours, status: isInside ? 204 : 400 });
      if (isInside) known.push(beganMs + hours);
      const freshMs = beganMs + hours * hourMs - 1;
      expect((await write('strict', '1.0', sample(freshMs))).status).toBe(204);
      known.push(freshMs);
    }
    // What was stored in time is still there: it moved to the magnetic store by itself.
    expect(await timesOf('strict', metric)).toHaveLength(new Set(known).size);
    // After the retention of both stores it is gone, and nothing else is.
    clock.set(beganMs + 31 * hourMs);
    const left = await timesOf('strict', metric);
    expect(left.length).toBeGreaterThan(0);
    expect(left.length).toBeLessThan(new Set(known).size);
    expect(left).toEqual([...new Set(known)].toSorted((a, b) => a - b).slice(-left.length));
  });
});
