import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  decodeReadResponse,
  decodeSnappy,
  decodeWriteRequest,
  encodeReadResponse,
  encodeSnappy,
  encodeWriteRequest,
} from '../src/index.js';

const MAX_BYTES = 1 << 20;

function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`fixtures/${name}`, import.meta.url));
}

interface ExpectedAnswer {
  readonly series: readonly { readonly labels: Record<string, string>; readonly samples: readonly (readonly [number, string])[] }[];
}

const expected = JSON.parse(readFileSync(new URL('fixtures/prom242_read_expected.json', import.meta.url), 'utf8')) as ExpectedAnswer;

describe('a write request of Prometheus 2.42', () => {
  const body = decodeSnappy(fixture('prom242_remote_write_samples.snappy'), { maxBytes: MAX_BYTES });
  const request = decodeWriteRequest(body);

  it('holds 394 series of one sample each, with sorted labels and the external label', () => {
    expect(request.timeseries).toHaveLength(394);
    expect(request.metadata).toEqual([]);
    for (const { labels, samples } of request.timeseries) {
      const names = labels.map(({ name }) => name);
      expect(names).toEqual([...names].sort());
      expect(labels).toContainEqual({ name: 'cluster', value: 'c1' });
      expect(samples.timestampsMs).toHaveLength(1);
    }
  });

  it('keeps all its samples in two buffers', () => {
    expect(new Set(request.timeseries.map(({ samples }) => samples.timestampsMs.buffer)).size).toBe(1);
    expect(new Set(request.timeseries.map(({ samples }) => samples.valueBits.buffer)).size).toBe(1);
  });

  it('encodes to the same message, and to the same bytes but for the zeros that Prometheus leaves out', () => {
    expect(decodeWriteRequest(encodeWriteRequest(request))).toEqual(request);
    const zeros = request.timeseries.filter(({ samples }) => samples.valueBits[0] === 0n);
    expect(zeros.length).toBeGreaterThan(0);
    for (const series of request.timeseries) {
      if (zeros.includes(series)) continue;
      expect(Buffer.from(body).indexOf(encodeWriteRequest({ timeseries: [series], metadata: [] }))).toBeGreaterThanOrEqual(0);
    }
  });

  it('survives our snappy', () => {
    expect(decodeSnappy(encodeSnappy(body), { maxBytes: MAX_BYTES })).toEqual(body);
  });
});

describe('a metadata-only write request of Prometheus 2.42', () => {
  const body = decodeSnappy(fixture('prom242_remote_write_metadata_only.snappy'), { maxBytes: MAX_BYTES });
  const request = decodeWriteRequest(body);

  it('holds no series and 204 metadata', () => {
    expect(request.timeseries).toEqual([]);
    expect(request.metadata).toHaveLength(204);
    expect(request.metadata).toContainEqual({
      type: 'counter',
      metricFamilyName: 'prometheus_http_requests_total',
      help: 'Counter of HTTP requests.',
      unit: '',
    });
  });

  it('encodes to the same bytes', () => {
    expect(encodeWriteRequest(request)).toEqual(new Uint8Array(body));
  });
});

describe('a SAMPLES answer of Prometheus 2.42', () => {
  const body = decodeSnappy(fixture('prom242_read_samples.bin'), { maxBytes: MAX_BYTES });
  const response = decodeReadResponse(body);

  it('gives every sample bit for bit, except the -0.0 that Prometheus sends as 0', () => {
    expect(response.results).toHaveLength(1);
    const answered = response.results[0]?.timeseries.map(({ labels, samples }) => ({
      labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
      samples: Array.from(samples.timestampsMs, (timestampMs, index) => [Number(timestampMs), samples.valueBits[index]]),
    }));
    expect(answered).toEqual(
      expected.series.map(({ labels, samples }) => ({
        labels,
        samples: samples.map(([timestampMs, bits]) => [timestampMs, bits === '0x8000000000000000' ? 0n : BigInt(bits)]),
      })),
    );
  });

  it('encodes to the same message', () => {
    expect(decodeReadResponse(encodeReadResponse(response))).toEqual(response);
  });
});
