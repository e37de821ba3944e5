import { decodeSnappy, encodeSnappy, encodeWriteRequest, encodeWriteRequestV2, LabelSetCache } from '@timestream-prometheus/prom-codec';
import { series } from '@timestream-prometheus/connector-testing';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../src/concurrency/turns.js';
import { decodeWrite } from '../../src/protocol/decode-write.js';
import { uncompressBody } from '../../src/protocol/read-message.js';

/** Keeps what is taken and given back, in order. */
function recordedBudget() {
  const changes: number[] = [];
  const budget = { take: (bytes: number) => void changes.push(bytes), giveBack: (bytes: number) => void changes.push(-bytes) };
  return { changes, held: { budget, turns: new Turns(), signal: new AbortController().signal } };
}

const sumOf = (changes: readonly number[]) => changes.reduce((sum, change) => sum + change, 0);
const noCache = () => new LabelSetCache({ maxBytes: 1 });

describe('what a message holds while it is worked on', () => {
  it('are its decompressed bytes from when they are there, and no longer those that came', async () => {
    const { changes, held } = recordedBudget();
    const body = encodeSnappy(new Uint8Array(100_000));
    await uncompressBody(body, { maxDecodedBytes: 1_000_000 }, decodeSnappy, held);
    expect(changes).toEqual([100_000, -body.length]);
  });

  it.each(['1.0', '2.0'] as const)('is what it is decoded to, in remote write %s: samples, and labels that are new', async (version) => {
    const timeseries = Array.from({ length: 1_000 }, (_none, index) =>
      series({ __name__: 'm', host: `${index}`.padStart(100, 'x') }, [1, 1], [2, 2]),
    );
    const bytes = version === '1.0' ? encodeWriteRequest({ timeseries, metadata: [] }) : encodeWriteRequestV2({ timeseries });
    const { changes, held } = recordedBudget();
    await decodeWrite(bytes, version, noCache(), held);
    // Sixteen bytes for a sample, two for a character.
    expect(sumOf(changes)).toBeGreaterThan(2_000 * 16 + 1_000 * 2 * 100);
    expect(sumOf(changes)).toBeLessThan(1_000_000);
  });

  it('counts native histograms by what each takes, of which two bytes of the message may be all', async () => {
    // A series of one field that is empty messages of histograms.
    const count = 10_000;
    const fields = Uint8Array.from({ length: 2 * count }, (_none, index) => (index % 2 === 0 ? 0x22 : 0));
    const bytes = Uint8Array.from([
      0x0a,
      (fields.length & 0x7f) | 0x80,
      ((fields.length >>> 7) & 0x7f) | 0x80,
      fields.length >>> 14,
      ...fields,
    ]);
    const { changes, held } = recordedBudget();
    const [part] = await decodeWrite(bytes, '1.0', noCache(), held);
    expect(part?.histograms).toHaveLength(count);
    expect(sumOf(changes)).toBeGreaterThan(1_000 * count);
  });
});

describe('a message that is decoded in pieces', () => {
  it('may have as much as one that is not, over all of its pieces', async () => {
    const metadata = Array.from({ length: 100_001 }, (_none, index) => ({
      metricFamilyName: `family_${index}`,
      type: 'gauge' as const,
      help: 'x'.repeat(20),
      unit: '',
    }));
    const { held } = recordedBudget();
    const tooMany = encodeWriteRequest({ timeseries: [], metadata });
    expect(tooMany.length).toBeGreaterThan(2 * 1024 * 1024);
    await expect(decodeWrite(tooMany, '1.0', noCache(), held)).rejects.toMatchObject({
      code: 'decoded-body-too-large',
      message: 'the request has more than 100000 metadata entries: send less in one request',
    });
    const parts = await decodeWrite(encodeWriteRequest({ timeseries: [], metadata: metadata.slice(1) }), '1.0', noCache(), held);
    expect(parts.length).toBeGreaterThan(1);
  });

  it('gives others their turns between its pieces', async () => {
    const timeseries = Array.from({ length: 8_000 }, (_none, index) =>
      series({ __name__: 'm', host: `${index}`.padStart(500, 'x') }, [1, 1]),
    );
    const { held } = recordedBudget();
    let others = 0;
    const decoding = decodeWrite(encodeWriteRequest({ timeseries, metadata: [] }), '1.0', noCache(), held);
    const asOthersDo = held.turns.next().then(() => (others += 1));
    expect((await decoding).length).toBeGreaterThan(3);
    expect(others).toBe(1);
    await asOthersDo;
  });
});
