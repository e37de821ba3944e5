import { QueryCommand } from '@aws-sdk/client-timestream-query';
import fc from 'fast-check';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { startEmbeddedTimestream } from '../src/index.js';
import { multiRecord, writeTo } from './sample-record.js';
import { createClients, credential } from './start-server.js';

interface PlannedRecord {
  readonly series: number;
  readonly time: number;
  readonly version: number;
  readonly value: number;
  readonly column: 'a' | 'b' | 'c';
}

type Step = { readonly kind: 'write'; readonly records: readonly PlannedRecord[] } | { readonly kind: 'reopen' };

// Few series, times, versions and values, so that records meet each other in every way there is.
const plannedRecord: fc.Arbitrary<PlannedRecord> = fc.record({
  series: fc.nat(2),
  time: fc.nat(4),
  version: fc.integer({ min: 1, max: 3 }),
  value: fc.nat(1),
  column: fc.constantFrom('a', 'b', 'c'),
});
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ kind: fc.constant('write' as const), records: fc.array(plannedRecord, { minLength: 1, maxLength: 8 }) }),
    },
    { weight: 1, arbitrary: fc.constant<Step>({ kind: 'reopen' }) },
  ),
  { minLength: 1, maxLength: 12 },
);

const nowMs = Date.now();
const contentOf = ({ column, value }: PlannedRecord): string => `${column}=${value}`;

/** The rules of versions in a dozen lines: what is stored per series and time, and which records of a request are rejected. */
function applyToModel(model: Map<string, PlannedRecord>, records: readonly PlannedRecord[]): number[] {
  return records.flatMap((record, index) => {
    const key = `${record.series}/${record.time}`;
    const existing = model.get(key);
    if (existing === undefined || record.version > existing.version) {
      model.set(key, record);
      return [];
    }
    return record.version === existing.version && contentOf(record) === contentOf(existing) ? [] : [index];
  });
}

it(
  'whatever is written in whatever order, rejections and stored records are those of the rules, also over a reopening',
  { timeout: 120_000 },
  async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (planned) => {
        const dataDir = mkdtempSync(path.join(tmpdir(), 'timestream-embedded-'));
        const start = (): ReturnType<typeof startEmbeddedTimestream> =>
          startEmbeddedTimestream({ dataDir, credentials: [credential], create: [{ databaseName: 'db', tableName: 't' }] });
        let server = await start();
        let clients = createClients(server.url);
        const model = new Map<string, PlannedRecord>();
        try {
          for (const step of planned) {
            if (step.kind === 'reopen') {
              clients.write.destroy();
              clients.query.destroy();
              await server.close();
              server = await start();
              clients = createClients(server.url);
              continue;
            }
            const records = step.records.map(({ series, time, version, value, column }) =>
              multiRecord([{ Name: column, Value: String(value), Type: 'BIGINT' }], {
                Dimensions: [{ Name: 'series', Value: String(series) }],
                Time: String(nowMs - time),
                Version: version,
              }),
            );
            const { rejected } = await writeTo(clients.write, records);
            expect(rejected.map(({ RecordIndex }) => RecordIndex)).toEqual(applyToModel(model, step.records));
          }
          const columns = [...new Set([...model.values()].map(({ column }) => column))];
          const seen = new Set<string>();
          for (const column of columns) {
            const { Rows } = await clients.query.send(
              new QueryCommand({ QueryString: `SELECT series, to_milliseconds(time), ${column} FROM db.t WHERE ${column} IS NOT NULL` }),
            );
            for (const { Data } of Rows ?? []) {
              const [series, timeMs, value] = (Data ?? []).map(({ ScalarValue }) => ScalarValue);
              seen.add(`${series ?? ''}/${nowMs - Number(timeMs)}: ${column}=${value ?? ''}`);
            }
          }
          expect([...seen].sort()).toEqual([...model].map(([key, record]) => `${key}: ${contentOf(record)}`).sort());
        } finally {
          clients.write.destroy();
          clients.query.destroy();
          await server.close();
          rmSync(dataDir, { recursive: true, force: true });
        }
      }),
      { numRuns: 15 },
    );
  },
);
