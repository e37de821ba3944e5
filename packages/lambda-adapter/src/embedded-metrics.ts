import type { Clock, MetricDefinition, MetricsSink } from '@timestream-prometheus/connector';

/** Measurements of one invocation, written as log lines that CloudWatch turns into metrics. */
export interface EmbeddedMetrics extends MetricsSink {
  /** Writes what was measured since the last flush and forgets it. `request` is kept beside it for searching, not as a metric. */
  flush(request: Readonly<Record<string, string | number>>): void;
}

export interface EmbeddedMetricsOptions {
  /** Empty: nothing is kept and nothing is written. */
  readonly namespace: string;
  readonly writeLine: (line: string) => void;
  readonly clock: Clock;
}

type Labels = Readonly<Record<string, string>>;

interface Measurement {
  readonly name: string;
  readonly labels: Labels;
  value: number | number[];
}

/** Limits of the format ("Specification: CloudWatch embedded metric format"): 100 metrics a directive, 100 values a metric. */
const MAX_METRICS = 100;
const MAX_VALUES = 100;

/**
 * Measurements in CloudWatch's embedded metric format: no API call and no waiting, a line on standard output instead. Every metric is
 * given in total and, where it has labels, by its labels as dimensions; labels come from small closed sets, so their number is bounded.
 * A gauge is given with the highest value that it had in the invocation. One document per invocation, unless two values of one label
 * were measured: a document has room for one value of each dimension.
 */
export function createEmbeddedMetrics({ namespace, writeLine, clock }: EmbeddedMetricsOptions): EmbeddedMetrics {
  if (namespace === '') return { add: () => undefined, observe: () => undefined, move: () => undefined, flush: () => undefined };

  const measurements = new Map<string, Measurement>();
  const gaugeLevels = new Map<string, number>();
  const measurementOf = (name: string, labels: Labels, first: () => number | number[]): Measurement => {
    const key = keyOf(name, labels);
    const known = measurements.get(key);
    if (known !== undefined) return known;
    const made = { name, labels, value: first() };
    measurements.set(key, made);
    return made;
  };

  return {
    add({ name }: MetricDefinition, value: number, labels: Labels = {}) {
      const counter = measurementOf(name, labels, () => 0);
      counter.value = Number(counter.value) + value;
    },
    observe({ name }: MetricDefinition, value: number, labels: Labels = {}) {
      const histogram = measurementOf(name, labels, () => []);
      if (Array.isArray(histogram.value)) histogram.value.push(value);
    },
    move({ name }: MetricDefinition, delta: number, labels: Labels = {}) {
      const key = keyOf(name, labels);
      const level = (gaugeLevels.get(key) ?? 0) + delta;
      gaugeLevels.set(key, level);
      const gauge = measurementOf(name, labels, () => level);
      gauge.value = Math.max(Number(gauge.value), level);
    },
    flush(request) {
      const documents: MetricDocument[] = [];
      for (const measurement of measurements.values()) for (const part of splitValues(measurement)) place(part, documents);
      measurements.clear();
      for (const document of documents)
        writeLine(JSON.stringify(encodeDocument(document, { namespace, timestampMs: clock.nowMs(), request })));
    },
  };
}

function keyOf(name: string, labels: Labels): string {
  return JSON.stringify([name, ...Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

function splitValues(measurement: Measurement): readonly Measurement[] {
  const { value } = measurement;
  if (!Array.isArray(value) || value.length <= MAX_VALUES) return [measurement];
  return Array.from({ length: Math.ceil(value.length / MAX_VALUES) }, (_none, part) => ({
    ...measurement,
    value: value.slice(part * MAX_VALUES, (part + 1) * MAX_VALUES),
  }));
}

interface MetricDocument {
  readonly labels: Map<string, string>;
  readonly measurements: Map<string, Measurement>;
}

/** Puts a measurement into the first document that has no other value of its labels, nor other values of its metric. */
function place(measurement: Measurement, documents: MetricDocument[]): void {
  const { name, labels } = measurement;
  let document = documents.find(
    (candidate) =>
      !candidate.measurements.has(name) &&
      candidate.measurements.size < MAX_METRICS &&
      Object.entries(labels).every(([label, value]) => (candidate.labels.get(label) ?? value) === value),
  );
  if (document === undefined) {
    document = { labels: new Map(), measurements: new Map() };
    documents.push(document);
  }
  for (const [label, value] of Object.entries(labels)) document.labels.set(label, value);
  document.measurements.set(name, measurement);
}

interface DocumentFrame {
  readonly namespace: string;
  readonly timestampMs: number;
  readonly request: Readonly<Record<string, string | number>>;
}

function encodeDocument(document: MetricDocument, { namespace, timestampMs, request }: DocumentFrame): object {
  const measured = [...document.measurements.values()];
  const directives = new Map<string, { Namespace: string; Dimensions: string[][]; Metrics: { Name: string; Unit: string }[] }>();
  for (const { name, labels } of measured) {
    const labelNames = Object.keys(labels).sort();
    const key = labelNames.join(',');
    let directive = directives.get(key);
    if (directive === undefined) {
      directive = { Namespace: namespace, Dimensions: labelNames.length === 0 ? [[]] : [[], labelNames], Metrics: [] };
      directives.set(key, directive);
    }
    directive.Metrics.push({ Name: name, Unit: unitOf(name) });
  }
  return {
    _aws: { Timestamp: timestampMs, CloudWatchMetrics: [...directives.values()] },
    ...Object.fromEntries(document.labels),
    ...Object.fromEntries(measured.map(({ name, value }) => [name, value])),
    request,
  };
}

/** CloudWatch's unit, from the suffix that the catalogue's names carry (Prometheus' naming rules). */
function unitOf(name: string): 'Seconds' | 'Bytes' | 'Count' {
  if (name.endsWith('_seconds')) return 'Seconds';
  return /_bytes(_total)?$/.test(name) ? 'Bytes' : 'Count';
}
