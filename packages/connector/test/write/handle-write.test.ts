import { encodeSnappy } from '@timestream-prometheus/prom-codec';
import { expandBatch, type WriteBatch } from '@timestream-prometheus/timestream-translator';
import { describe, expect, it } from 'vitest';
import { ConnectorError, METRICS, type ConnectorErrorCode, type WriteOutcome } from '../../src/index.js';
import { basicAuthorization, PROTOCOL_HEADERS_V2, series } from '@timestream-prometheus/connector-testing';
import { basicHeaders, bodyText, createFixture, request, writeRequest } from '../support/connector-fixture.js';
import { openMemoryStorage, type AnswerWrite } from '../support/memory-storage.js';

const START_MS = 1_700_000_000_000;
const CONFLICT =
  'A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified.';

/** One series with `count` samples: batches of 100 in the order of time. */
function samplesOf(count: number) {
  return [series({ __name__: 'm', job: 'a' }, ...Array.from({ length: count }, (_none, index) => [START_MS + index, index] as const))];
}

/** Which samples of `samplesOf` a batch holds. */
function indexesOf(batch: WriteBatch): number[] {
  return expandBatch(batch).map(({ Time }) => Number(Time) - START_MS);
}

function fixture(write: AnswerWrite, flags: Readonly<Record<string, string>> = {}) {
  const memory = openMemoryStorage({ write });
  return { ...createFixture(memory.openStorage, flags), opened: memory.opened };
}

/** What Timestream does with the call that has the sample with this index. */
function answers(byIndex: Readonly<Record<number, ConnectorErrorCode | 'reject' | 'ok'>>): AnswerWrite {
  return (batch): WriteOutcome => {
    const rejected: WriteOutcome['rejected'][number][] = [];
    for (const [recordIndex, sampleIndex] of indexesOf(batch).entries()) {
      const answer = byIndex[sampleIndex] ?? 'ok';
      if (answer === 'reject') rejected.push({ recordIndex, reason: CONFLICT });
      else if (answer !== 'ok') throw new ConnectorError(answer, `WriteRecords: ${answer}`);
    }
    return { rejected };
  };
}

describe('the answer to a write of three calls', () => {
  it.each<[string, Parameters<typeof answers>[0], number, string]>([
    ['all stored', {}, 204, ''],
    ['one throttled', { 150: 'throttled' }, 503, 'throttled'],
    ['one failed', { 250: 'timestream-unavailable' }, 503, 'timestream-unavailable'],
    ['one unreachable', { 0: 'connection-failed' }, 503, 'connection-failed'],
    ['one too slow', { 0: 'deadline-exceeded' }, 503, 'deadline-exceeded'],
    ['one record rejected', { 42: 'reject' }, 400, 'samples-rejected'],
    ['a rejection before a throttled call', { 42: 'reject', 150: 'throttled' }, 503, 'throttled'],
    ['a throttled call before a rejection', { 42: 'throttled', 150: 'reject' }, 503, 'throttled'],
    ['denied', { 0: 'access-denied' }, 403, 'access-denied'],
    ['a wrong key', { 0: 'invalid-credentials' }, 403, 'invalid-credentials'],
    ['no such table', { 0: 'destination-not-found' }, 404, 'destination-not-found'],
    ['a quota before a throttled call', { 0: 'service-quota-exceeded', 150: 'throttled' }, 503, 'throttled'],
    ['a throttled call before a quota', { 0: 'throttled', 150: 'service-quota-exceeded' }, 503, 'throttled'],
    ['a quota and a rejection', { 0: 'service-quota-exceeded', 150: 'reject' }, 400, 'service-quota-exceeded'],
    ['one record that Timestream finds invalid', { 7: 'timestream-refused-write' }, 400, 'samples-rejected'],
    ['a defect of ours', { 7: 'internal' }, 500, 'internal'],
  ])('is, with %s, %s', async (_case, byIndex, status, code) => {
    const { connector } = fixture(answers(byIndex));
    const response = await connector.handle(writeRequest(samplesOf(300)));
    expect(response.status).toBe(status);
    expect(await bodyText(response)).toMatch(code === '' ? /^$/ : new RegExp(`^${code}: `));
    expect('retry-after' in response.headers).toBe(status >= 500);
  });

  it('names in one line which records were rejected and why, within what Prometheus logs', async () => {
    const { connector, metrics } = fixture(answers({ 5: 'reject', 105: 'reject', 205: 'reject', 210: 'reject' }));
    const text = await bodyText(await connector.handle(writeRequest(samplesOf(300))));
    expect(text).toContain('4 samples of this request can never be stored, all others are stored');
    expect(text).toContain(`conflicting-value (4): {__name__="m", job="a"} at ${START_MS + 5} ms: A record already exists`);
    expect(text.trimEnd()).not.toContain('\n');
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024);
    expect(metrics.sum(METRICS.rejectedRecords, { reason: 'conflicting-value' })).toBe(4);
    expect(metrics.sum(METRICS.storedRecords)).toBe(296);
  });

  it('keeps its line short however long labels and reasons are', async () => {
    const { connector } = fixture((batch) => ({
      rejected: batch.Records.map((_record, recordIndex) => ({ recordIndex, reason: `€${'x\n'.repeat(5000)}` })),
    }));
    const long = series({ __name__: 'm', job: 'ß'.repeat(500) }, [START_MS, 1]);
    const text = await bodyText(await connector.handle(writeRequest([long])));
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024);
    expect(text.trimEnd()).not.toContain('\n');
  });

  it('stores everything else of a request before it tells of a rejection', async () => {
    const { connector, opened } = fixture(answers({ 0: 'reject' }));
    await connector.handle(writeRequest(samplesOf(300)));
    expect(opened[0]?.batches.flatMap(indexesOf).sort((left, right) => left - right)).toEqual(
      Array.from({ length: 300 }, (_none, index) => index),
    );
  });

  it('loses no innocent record to one for which Timestream refuses the whole call', async () => {
    const stored = new Set<number>();
    const { connector, metrics } = fixture((batch) => {
      const indexes = indexesOf(batch);
      if (indexes.includes(137)) throw new ConnectorError('timestream-refused-write', 'WriteRecords: ValidationException: no');
      for (const index of indexes) stored.add(index);
      return { rejected: [] };
    });
    const response = await connector.handle(writeRequest(samplesOf(300)));
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toContain(`invalid (1): {__name__="m", job="a"} at ${START_MS + 137} ms`);
    expect(stored.size).toBe(299);
    expect(metrics.sum(METRICS.rejectedRecords, { reason: 'invalid' })).toBe(1);
  });

  it('spends a bounded number of calls on the search when every record is refused', async () => {
    const { connector, opened } = fixture(() => {
      throw new ConnectorError('timestream-refused-write', 'WriteRecords: ValidationException: no');
    });
    const response = await connector.handle(writeRequest(samplesOf(1000)));
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toContain('1000 samples');
    // 100 calls of the search, and the first call of each of at least ten batches.
    expect(opened[0]?.batches.length).toBeLessThanOrEqual(120);
  });

  it('stops calling when every further call would fail too', async () => {
    const { connector, opened } = fixture(answers({ 0: 'access-denied' }), { 'max-write-concurrency-per-request': '1' });
    await connector.handle(writeRequest(samplesOf(1000)));
    expect(opened[0]?.batches).toHaveLength(1);
  });

  it('says 429 when throttled only if told so', async () => {
    const { connector } = fixture(answers({ 0: 'throttled' }), { 'throttle-status': '429' });
    const throttled = await connector.handle(writeRequest(samplesOf(1)));
    expect(throttled).toMatchObject({ status: 429, headers: { 'retry-after': '1' } });
    const other = fixture(answers({ 0: 'timestream-unavailable' }), { 'throttle-status': '429' });
    expect((await other.connector.handle(writeRequest(samplesOf(1)))).status).toBe(503);
  });
});

describe('a final failure in the middle of a request', () => {
  it.each<[ConnectorErrorCode, number]>([
    ['service-quota-exceeded', 400],
    ['access-denied', 403],
    ['destination-not-found', 404],
  ])('names how many samples %s left unstored, and counts them', async (code, status) => {
    let calls = 0;
    const { connector, metrics } = fixture(
      () => {
        calls += 1;
        if (calls > 2) throw new ConnectorError(code, `WriteRecords: ${code}`);
        return { rejected: [] };
      },
      { 'max-write-concurrency-per-request': '1' },
    );
    const response = await connector.handle(writeRequest(samplesOf(25_000)));
    expect(response.status).toBe(status);
    const unstored = 25_000 - metrics.sum(METRICS.storedRecords);
    expect(unstored).toBeLessThan(25_000);
    expect(await bodyText(response)).toBe(`${code}: WriteRecords: ${code}; ${unstored} samples of this request were not stored\n`);
    expect(metrics.sum(METRICS.unstoredSamples, { error: code })).toBe(unstored);
  });

  it('counts samples that were rejected as rejected only, and names them with the others', async () => {
    let calls = 0;
    const { connector, metrics } = fixture(
      () => {
        calls += 1;
        if (calls > 2) throw new ConnectorError('service-quota-exceeded', 'WriteRecords: quota');
        return { rejected: calls === 1 ? [{ recordIndex: 7, reason: 'The record timestamp is outside the time range' }] : [] };
      },
      { 'max-write-concurrency-per-request': '1' },
    );
    const response = await connector.handle(writeRequest(samplesOf(1_000)));
    const unstored = 1_000 - metrics.sum(METRICS.storedRecords);
    expect(await bodyText(response)).toContain(`; ${unstored} samples of this request were not stored`);
    expect(metrics.sum(METRICS.rejectedRecords, { reason: 'outside-retention' })).toBe(1);
    expect(metrics.sum(METRICS.unstoredSamples)).toBe(unstored - 1);
  });

  it('counts nothing when the samples will come again', async () => {
    const { connector, metrics } = fixture(answers({ 150: 'throttled' }));
    expect(await bodyText(await connector.handle(writeRequest(samplesOf(300))))).toBe('throttled: WriteRecords: throttled\n');
    expect(metrics.sum(METRICS.unstoredSamples)).toBe(0);
  });
});

describe('rejected records in an answer', () => {
  it('are counted once each, whatever the number of reasons', async () => {
    const reasons = ['outside the time range', 'another reason'].map((reason) => ({ recordIndex: 7, reason }));
    const { connector, metrics } = fixture(() => ({ rejected: reasons }));
    const response = await connector.handle(writeRequest(samplesOf(100)));
    expect(await bodyText(response)).toMatch(
      /^samples-rejected: 1 sample of this request can never be stored, .* at 1700000000007 ms: outside the time range\n$/,
    );
    expect(metrics.sum(METRICS.storedRecords)).toBe(99);
    expect(metrics.sum(METRICS.rejectedRecords)).toBe(1);
  });

  it('make the sender come again where they are none of the call', async () => {
    const { connector, metrics } = fixture(() => ({ rejected: [{ recordIndex: 100, reason: 'too old' }] }));
    const response = await connector.handle(writeRequest(samplesOf(100)));
    expect(response.status).toBe(503);
    expect(await bodyText(response)).toBe('malformed-answer: WriteRecords: rejected record 100 of a call with 100\n');
    expect(metrics.sum(METRICS.storedRecords)).toBe(0);
  });
});

describe('a request of many slices', () => {
  it('stores every sample once, and refuses all of it for one sample at its end', async () => {
    const { connector, opened } = fixture(() => ({ rejected: [] }));
    expect((await connector.handle(writeRequest(samplesOf(45_000)))).status).toBe(204);
    const times = new Set(opened[0]?.batches.flatMap((batch) => batch.Records.map(({ Time }) => Time ?? batch.CommonAttributes?.Time)));
    expect(times.size).toBe(45_000);
    const strict = fixture(() => ({ rejected: [] }), { 'fail-on-invalid-sample-value': 'true' });
    const withNaN = [...samplesOf(25_000), series({ __name__: 'm', job: 'b' }, [START_MS, NaN])];
    expect((await strict.connector.handle(writeRequest(withNaN))).status).toBe(400);
    expect(strict.opened[0]?.batches).toEqual([]);
  });
});

describe('samples that are dropped before Timestream', () => {
  it('are named in a 400 when the sender has to know, and the rest is stored', async () => {
    const { connector, opened, metrics } = fixture(() => ({ rejected: [] }));
    const response = await connector.handle(writeRequest([series({ job: 'nameless' }, [START_MS, 1]), ...samplesOf(2)]));
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toMatch(/1 sample of this request .* missing-metric-name \(1\): \{job="nameless"\}/);
    expect(opened[0]?.batches.flatMap(({ Records }) => Records)).toHaveLength(2);
    expect(metrics.sum(METRICS.droppedSamples, { reason: 'missing-metric-name' })).toBe(1);
    expect(metrics.sum(METRICS.ignoredSamples)).toBe(1);
  });

  it('are counted and answered as success when their class is documented as not stored', async () => {
    const { connector, metrics } = fixture(() => ({ rejected: [] }), { 'table-layout': 'single-measure' });
    const response = await connector.handle(writeRequest([series({ __name__: 'm', a: 'b' }, [START_MS, NaN], [START_MS + 1, 1])]));
    expect(response.status).toBe(204);
    expect(metrics.sum(METRICS.droppedSamples, { reason: 'non-finite-value' })).toBe(1);
  });

  it.each([
    ['fail-on-long-label', series({ __name__: 'm', ['l'.repeat(61)]: 'x' }, [START_MS, 1]), 'long-label'],
    ['fail-on-invalid-sample-value', series({ __name__: 'm', a: 'b' }, [START_MS, Infinity]), 'invalid-sample-value'],
  ])('refuse the whole request with --%s, before anything is written', async (flag, offender, reason) => {
    const { connector, opened, metrics } = fixture(() => ({ rejected: [] }), { [flag]: 'true' });
    const response = await connector.handle(writeRequest([...samplesOf(1), offender]));
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toMatch(new RegExp(`^samples-refused: ${reason}: `));
    expect(opened[0]?.batches).toEqual([]);
    expect(metrics.sum(METRICS.ignoredSamples)).toBe(2);
    // All of them, for this one reason.
    expect(metrics.sum(METRICS.droppedSamples, { reason })).toBe(2);
  });

  it('are counted, as received too, where their series cannot be understood (remote write 2.0)', async () => {
    const { connector, metrics } = fixture(() => ({ rejected: [] }));
    const field = (tag: number, bytes: readonly number[]) => [tag, bytes.length, ...bytes];
    const symbols = ['', '__name__'].flatMap((symbol) => field(0x22, [...Buffer.from(symbol)]));
    // The value of the label of the only series is a symbol that is not there. It has one sample, at 1 ms.
    const only = field(0x2a, [...field(0x0a, [1, 99]), ...field(0x12, [0x10, 1])]);
    const body = encodeSnappy(Uint8Array.from([...symbols, ...only]));
    const response = await connector.handle(request({ body, headers: { ...basicHeaders(), ...PROTOCOL_HEADERS_V2 } }));
    expect(response.status).toBe(400);
    expect(metrics.sum(METRICS.receivedSamples)).toBe(1);
    expect(metrics.sum(METRICS.droppedSamples, { reason: 'malformed-series' })).toBe(1);
    expect(metrics.sum(METRICS.ignoredSamples)).toBe(1);
  });
});

describe('a table without a free dimension', () => {
  const refused = 'The table would have more than 128 dimensions.';

  /** A table that has the dimension `job` and takes no other but `prometheus_labels`. */
  const fullTable: AnswerWrite = (batch) => {
    const common = batch.CommonAttributes?.Dimensions ?? [];
    const rejected = batch.Records.flatMap(({ Dimensions = [] }, recordIndex) =>
      [...common, ...Dimensions].every(({ Name }) => Name === 'job' || Name === 'prometheus_labels')
        ? []
        : [{ recordIndex, reason: refused }],
    );
    return { rejected };
  };

  it('gets the labels it has no dimension for in prometheus_labels, and loses nothing', async () => {
    const { connector, opened, metrics } = fixture(fullTable);
    expect((await connector.handle(writeRequest(samplesOf(1)))).status).toBe(204);
    const wide = series({ __name__: 'w', job: 'a', pod: 'p1' }, [START_MS, 1], [START_MS + 1, 2]);
    expect((await connector.handle(writeRequest([...samplesOf(1), wide]))).status).toBe(204);
    const last = opened[0]?.batches.at(-1);
    expect(last?.Records).toHaveLength(2);
    expect(JSON.stringify(last)).toContain(JSON.stringify({ Name: 'prometheus_labels', Value: '{"pod":"p1"}' }));
    expect(metrics.sum(METRICS.relearnedDimensions)).toBe(1);
    expect(metrics.sum(METRICS.rejectedRecords)).toBe(0);

    const callsBefore = opened[0]?.batches.length ?? 0;
    expect((await connector.handle(writeRequest([wide]))).status).toBe(204);
    expect(opened[0]?.batches.length).toBe(callsBefore + 1);
  });

  it('tells of records that it refuses even so', async () => {
    const { connector } = fixture((batch) => ({
      rejected: batch.Records.map((_record, recordIndex) => ({ recordIndex, reason: refused })),
    }));
    const wide = series({ __name__: 'w', pod: 'p1' }, [START_MS, 1]);
    const response = await connector.handle(writeRequest([...samplesOf(2), wide]));
    expect(response.status).toBe(400);
    const text = await bodyText(response);
    expect(text).toContain('table-dimensions (3)');
    expect(text).toContain(`{__name__="m", job="a"} at ${START_MS} ms`);
  });
});

describe('concurrency', () => {
  it('never has more calls in flight than allowed, over all requests and for one', async () => {
    let inFlight = 0;
    let most = 0;
    const { connector } = fixture(
      async () => {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await new Promise((resolve) => setImmediate(resolve));
        inFlight -= 1;
        return { rejected: [] };
      },
      { 'max-write-concurrency': '5', 'max-write-concurrency-per-request': '3' },
    );
    expect((await connector.handle(writeRequest(samplesOf(1000)))).status).toBe(204);
    expect(most).toBe(3);
    await Promise.all(Array.from({ length: 4 }, () => connector.handle(writeRequest(samplesOf(1000)))));
    expect(most).toBe(5);
  });

  it('writes with the credential of the request and no other, while many keys write at the same time', async () => {
    const memory = openMemoryStorage({
      write: async () => {
        await new Promise((resolve) => setImmediate(resolve));
        return { rejected: [] };
      },
    });
    const { connector } = createFixture(memory.openStorage, { 'max-storages': '3' });
    const tenants = Array.from({ length: 8 }, (_none, index) => `tenant${index}`);
    const jobs = Array.from({ length: 160 }, (_none, index) => tenants[index % tenants.length] ?? '');
    const responses = await Promise.all(
      jobs.map((tenant, index) =>
        connector.handle(
          writeRequest([series({ __name__: 'm', tenant }, [START_MS + index, index])], {
            headers: { authorization: basicAuthorization({ accessKeyId: tenant, secretAccessKey: `secret of ${tenant}` }) },
          }),
        ),
      ),
    );
    expect(responses.every(({ status }) => status === 204)).toBe(true);
    let writes = 0;
    for (const { credentials, batches } of memory.opened) {
      for (const batch of batches) {
        writes += 1;
        const dimensions = [...(batch.CommonAttributes?.Dimensions ?? []), ...batch.Records.flatMap(({ Dimensions = [] }) => Dimensions)];
        expect(dimensions).toEqual([{ Name: 'tenant', Value: credentials.kind === 'static' ? credentials.accessKeyId : '' }]);
      }
    }
    expect(writes).toBe(160);
    await connector.close();
    expect(memory.opened.every(({ isClosed }) => isClosed)).toBe(true);
  });
});

describe('giving up', () => {
  it('answers 503 when write-timeout is over, and aborts the calls', async () => {
    const { connector } = fixture(
      (_batch, signal) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
      { 'write-timeout': '100ms' },
    );
    const response = await connector.handle(writeRequest(samplesOf(300)));
    expect(response.status).toBe(503);
    expect(await bodyText(response)).toMatch(/^deadline-exceeded: .*write-timeout/);
  });

  it('starts no further call when the client has gone', async () => {
    const client = new AbortController();
    const { connector, opened, log } = fixture(
      () => {
        client.abort();
        return { rejected: [] };
      },
      { 'max-write-concurrency-per-request': '1' },
    );
    const response = await connector.handle(writeRequest(samplesOf(300), { signal: client.signal }));
    expect(response.status).toBe(499);
    expect(opened[0]?.batches).toHaveLength(1);
    expect(log.map(({ level }) => level)).toEqual(['debug']);
  });
});

describe('what became of every sample', () => {
  it('is counted exactly once', async () => {
    const { connector, metrics } = fixture(answers({ 3: 'reject' }));
    await connector.handle(
      writeRequest([
        ...samplesOf(250),
        series({ __name__: 'm', job: 'a' }, [START_MS, 0]),
        series({ __name__: 'm', job: 'a' }, [START_MS + 1, 99]),
        series({ job: 'x' }, [START_MS, 1], [START_MS + 1, 1]),
      ]),
    );
    expect(metrics.sum(METRICS.receivedSamples)).toBe(254);
    expect(metrics.sum(METRICS.storedRecords)).toBe(249);
    expect(metrics.sum(METRICS.rejectedRecords)).toBe(1);
    expect(metrics.sum(METRICS.droppedSamples, { reason: 'conflicting-sample' })).toBe(1);
    expect(metrics.sum(METRICS.droppedSamples, { reason: 'missing-metric-name' })).toBe(2);
    // The fourth sample of the difference repeats another one bit for bit.
    expect(metrics.sum(METRICS.ignoredSamples)).toBe(3);
  });
});
