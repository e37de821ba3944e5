import { describe, expect, it } from 'vitest';
import type { EmbeddedTable } from '../src/index.js';
import { sampleRecord, writeTo } from './sample-record.js';
import { startServer, type RunningServer } from './start-server.js';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** 2023-02-20T19:47:45.051Z */
const startMs = 1_676_922_465_051;

async function startAt(table: Partial<EmbeddedTable>): Promise<RunningServer & { readonly clock: { ms: number } }> {
  const clock = { ms: startMs };
  const server = await startServer({ clock: { nowMs: () => clock.ms }, create: [{ databaseName: 'db', tableName: 't', ...table }] });
  return { ...server, clock };
}

const memoryOnly = { memoryStoreRetentionHours: 12, magneticStoreRetentionDays: 5 };

describe('the window of times that a table takes', () => {
  it.each([
    ['memory store only', { ...memoryOnly, magneticStoreWrites: false }, startMs - 12 * hourMs - 25 * minuteMs],
    ['with magnetic writes', { ...memoryOnly, magneticStoreWrites: true }, startMs - 5 * dayMs - 12 * hourMs - 25 * minuteMs],
  ])('is 40 minutes longer than the retention, half open: %s', async (_, table, lowerMs) => {
    const { write } = await startAt(table);
    const upperMs = startMs + 15 * minuteMs;
    const times = [lowerMs - 1, lowerMs, upperMs - 1, upperMs];
    const answer = await writeTo(
      write,
      times.map((Time) => sampleRecord({ Time: String(Time) })),
    );
    const store = table.magneticStoreWrites ? 'data ingestion window' : 'memory store';
    const reason = `The record timestamp is outside the time range [${new Date(lowerMs).toISOString()}, ${new Date(upperMs).toISOString()}) of the ${store}.`;
    expect(answer.rejected).toEqual([
      { RecordIndex: 0, Reason: reason },
      { RecordIndex: 3, Reason: reason },
    ]);
  });

  it('is that of the default retention of 6 hours when nothing is said', async () => {
    const { write } = await startAt({});
    const answer = await writeTo(write, [sampleRecord({ Time: String(startMs - 7 * hourMs) })]);
    expect(answer.rejected[0]?.Reason).toBe(
      'The record timestamp is outside the time range [2023-02-20T13:22:45.051Z, 2023-02-20T20:02:45.051Z) of the memory store.',
    );
  });

  it('moves on with time', async () => {
    const { write, clock } = await startAt({});
    const record = sampleRecord({ Time: String(startMs) });
    expect(await writeTo(write, [record])).toMatchObject({ total: 1 });
    clock.ms += 7 * hourMs;
    expect((await writeTo(write, [record])).rejected).toHaveLength(1);
  });

  it('is exact to the nanosecond', async () => {
    const { write } = await startAt({});
    const upperNs = BigInt(startMs + 15 * minuteMs) * 1_000_000n;
    const answer = await writeTo(write, [
      sampleRecord({ Time: String(upperNs - 1n), TimeUnit: 'NANOSECONDS' }),
      sampleRecord({ Time: String(upperNs), TimeUnit: 'NANOSECONDS' }),
    ]);
    expect(answer.rejected.map(({ RecordIndex }) => RecordIndex)).toEqual([1]);
  });

  it('rejects a time that no clock shows instead of failing on it', async () => {
    const { write } = await startAt({});
    const answer = await writeTo(write, [sampleRecord({ Time: '9'.repeat(256), TimeUnit: 'SECONDS' })]);
    expect(answer.rejected).toHaveLength(1);
  });
});

describe('a table with magnetic writes', () => {
  it('counts late records apart', async () => {
    const { write } = await startAt({ ...memoryOnly, magneticStoreWrites: true });
    const answer = await writeTo(write, [sampleRecord({ Time: String(startMs) }), sampleRecord({ Time: String(startMs - 2 * dayMs) })]);
    expect(answer).toMatchObject({ total: 2, memory: 1, magnetic: 1 });
  });

  it('keeps silent about a version conflict of a late record, as the service does', async () => {
    const { write } = await startAt({ ...memoryOnly, magneticStoreWrites: true });
    const late = sampleRecord({ Time: String(startMs - 2 * dayMs), Version: 2 });
    await writeTo(write, [late]);
    expect(await writeTo(write, [{ ...late, Version: 1, MeasureValue: '2' }])).toMatchObject({ total: 1, magnetic: 1 });
    // It was not stored: the version that is there is still 2.
    expect(await writeTo(write, [{ ...late, Version: 2 }])).toMatchObject({ total: 1 });
  });
});
