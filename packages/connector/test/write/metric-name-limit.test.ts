import { expandBatch } from '@timestream-prometheus/timestream-translator';
import { afterEach, describe, expect, it } from 'vitest';
import { METRICS } from '../../src/index.js';
import { series } from '@timestream-prometheus/connector-testing';
import { describeRejections } from '../../src/write/describe-rejections.js';
import { rejectionClassOf, type RejectionClass } from '../../src/write/rejection-reason.js';
import { ConnectorError } from '../../src/errors/connector-error.js';
import { bodyText, createFixture, writeRequest } from '../support/connector-fixture.js';
import { startEmbeddedSubject, type EmbeddedSubject } from '../support/embedded-subject.js';
import { openMemoryStorage, type AnswerWrite } from '../support/memory-storage.js';

const NOW_MS = Date.now();

let subject: EmbeddedSubject;

async function write(names: readonly string[], timestampMs: number): Promise<{ readonly status: number; readonly text: string }> {
  const response = await subject.connector.handle(
    writeRequest(names.map((name) => series({ __name__: name, job: 'a' }, [timestampMs, timestampMs]))),
  );
  return { status: response.status, text: await bodyText(response) };
}

describe('a table that has all the metric names it can have', () => {
  afterEach(async () => {
    await subject.close();
  });

  it.each(['multi-measure', 'single-measure'])(
    'names the new metric and the limit in a final 400, after everything else is stored (%s)',
    async (layout) => {
      subject = await startEmbeddedSubject({ 'table-layout': layout }, { limits: { maxMeasureNamesPerTable: 5 } });
      const known = ['a', 'b', 'c', 'd', 'e'];
      expect(await write(known, NOW_MS)).toEqual({ status: 204, text: '' });
      for (const round of [1, 2]) {
        const { status, text } = await write(['f', ...known, 'g', 'h', 'i'], NOW_MS + round);
        expect(status).toBe(400);
        expect(text).toMatch(/^samples-rejected: 4 samples of this request can never be stored, all others are stored\. /);
        expect(text).toContain('too-many-metric-names (4)');
        expect(text).toContain('Timestream allows 8192 in a table');
        expect(text).toContain('does not have "f", "g", "h" and 1 more: The table would have more than 5 measure names.');
        expect(subject.metrics.sum(METRICS.storedRecords)).toBe(5 * (round + 1));
        expect(subject.metrics.sum(METRICS.rejectedRecords, { reason: 'too-many-metric-names' })).toBe(4 * round);
      }
      expect(await write(known, NOW_MS + 10)).toEqual({ status: 204, text: '' });
      // Neither our calls nor the SDK's are repeated for it, and no dimension is thought to be at fault.
      expect(subject.metrics.sum(METRICS.writeRequests)).toBe(4);
      expect(subject.metrics.sum(METRICS.timestreamRetries)).toBe(0);
      expect(subject.metrics.sum(METRICS.relearnedDimensions)).toBe(0);
    },
  );

  it('is told apart from a table without a free dimension when one request meets both limits', async () => {
    subject = await startEmbeddedSubject({}, { limits: { maxMeasureNamesPerTable: 2, maxDimensionsPerTable: 2 } });
    const first = [series({ __name__: 'a', time: 'reserved', job: 'x' }, [NOW_MS, 1])];
    expect((await subject.connector.handle(writeRequest(first))).status).toBe(204);
    const response = await subject.connector.handle(
      writeRequest([
        series({ __name__: 'a', pod: 'p' }, [NOW_MS, 1]),
        series({ __name__: 'b', job: 'x' }, [NOW_MS, 1]),
        series({ __name__: 'c', pod: 'p' }, [NOW_MS, 1]),
      ]),
    );
    expect(response.status).toBe(400);
    const text = await bodyText(response);
    expect(text).toContain('1 sample of this request can never be stored');
    expect(text).toContain('too-many-metric-names (1)');
    expect(text).toContain('does not have "c"');
    expect(subject.metrics.sum(METRICS.storedRecords)).toBe(3);
  });
});

describe('a service that answers for the metric names of a whole call', () => {
  it.each(['timestream-refused-write', 'service-quota-exceeded'] as const)('loses no innocent record to it (%s)', async (code) => {
    const stored: string[] = [];
    const answer: AnswerWrite = (batch) => {
      const names = expandBatch(batch).map(({ MeasureName }) => MeasureName ?? '');
      if (names.includes('m37')) throw new ConnectorError(code, 'WriteRecords: Exceeded the maximum number of measure names for the table');
      stored.push(...names);
      return { rejected: [] };
    };
    const { connector } = createFixture(openMemoryStorage({ write: answer }).openStorage);
    const response = await connector.handle(
      writeRequest(Array.from({ length: 100 }, (_none, index) => series({ __name__: `m${index}`, job: 'a' }, [NOW_MS, 1]))),
    );
    expect(response.status).toBe(400);
    expect(await bodyText(response)).toContain('does not have "m37": WriteRecords: Exceeded');
    expect(stored).toHaveLength(99);
  });
});

describe('the class of a reason', () => {
  it.each<[RejectionClass, string]>([
    ['too-many-metric-names', 'The table would have more than 8192 measure names.'],
    ['too-many-metric-names', 'Exceeded the limit of unique measure names'],
    ['too-many-metric-names', 'Number of measure names exceeds limit of 8,192 per table'],
    ['too-many-metric-names', 'Table quota reached: measure_names'],
    ['table-dimensions', 'The table would have more than 128 dimensions.'],
    ['other', 'The measure name is over 256 bytes, the maximum length'],
    ['invalid', 'ValidationException: measure name exceeds 256 characters'],
    [
      'conflicting-value',
      'A record already exists with the same time, dimensions, measure name, and record version. A higher record version must be specified.',
    ],
    ['other', 'no reason given'],
  ])('is %s for: %s', (expected, reason) => {
    expect(rejectionClassOf(reason)).toBe(expected);
  });

  it('shortens metric names of any length in the answer', () => {
    const text = describeRejections(
      [
        {
          labelSet: { labels: [{ name: '__name__', value: 'ü'.repeat(2_000) }], byteLength: 0 },
          timestampMs: NOW_MS,
          valueBits: 0n,
          reason: 'more than 8192 measure names',
        },
      ],
      [],
    );
    expect(text.length).toBeLessThan(400);
  });
});
