import { createSamples, type Label, type Query, type TimeSeries } from '@timestream-prometheus/prom-codec';

export type Pairs = readonly (readonly [timestampMs: number | bigint, value: number | bigint])[];

/** A series of a write request, labels in the order given; a `bigint` value is taken as IEEE-754 bits. */
export function series(labels: Readonly<Record<string, string>> | Iterable<readonly [string, string]>, pairs: Pairs): TimeSeries {
  const entries = Symbol.iterator in labels ? [...labels] : Object.entries(labels);
  return { labels: entries.map(([name, value]) => ({ name, value })), samples: createSamples(pairs), exemplars: [], histograms: [] };
}

/** What is asked for a selector with this metric name; both ends belong to it. */
export function select(name: string, startMs: number, endMs: number, ...others: Query['matchers']): Query {
  const matchers: Query['matchers'] = [{ type: '=', name: '__name__', value: name }, ...others];
  return { matchers, startTimestampMs: BigInt(startMs), endTimestampMs: BigInt(endMs) };
}

/** Series as text that shows a difference of one bit. */
export function text(timeseries: readonly TimeSeries[]): string[] {
  return timeseries.map(({ labels, samples }) => {
    const values = Array.from(
      samples.timestampsMs,
      (timestampMs, index) => `${timestampMs}=${(samples.valueBits[index] ?? 0n).toString(16)}`,
    );
    return `${JSON.stringify(labels.map(({ name, value }) => [name, value]))} ${values.join(' ')}`;
  });
}

const compareBytes = (left: Label, right: Label): number => Buffer.compare(Buffer.from(left.name), Buffer.from(right.name));

/** What a series must look like when it is read: labels by the bytes of their names, samples by time. */
export function stored({ labels, samples }: TimeSeries): string {
  const order = Array.from(samples.timestampsMs.keys()).sort((left, right) =>
    Number((samples.timestampsMs[left] ?? 0n) - (samples.timestampsMs[right] ?? 0n)),
  );
  return (
    text([
      {
        labels: labels.filter(({ value }) => value !== '').sort(compareBytes),
        samples: {
          timestampsMs: BigInt64Array.from(order, (index) => samples.timestampsMs[index] ?? 0n),
          valueBits: BigUint64Array.from(order, (index) => samples.valueBits[index] ?? 0n),
        },
        exemplars: [],
        histograms: [],
      },
    ])[0] ?? ''
  );
}
