import type { MetricDefinition, MetricsSink } from '@timestream-prometheus/connector';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';

/** The metrics page: text in Prometheus' exposition format. */
export interface MetricsPage {
  readonly contentType: string;
  render(): Promise<string>;
}

/** One line of the metrics page. A histogram has one for each of its buckets, its sum and its count, with their own names. */
export interface MetricPoint {
  readonly name: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

export interface PrometheusMetrics extends MetricsPage {
  readonly sink: MetricsSink;
  /** What the page would show now. */
  collect(): Promise<readonly MetricPoint[]>;
}

type Labels = Readonly<Record<string, string>>;

interface Families {
  readonly counters: ReadonlyMap<string, Counter>;
  readonly gauges: ReadonlyMap<string, Gauge>;
  readonly histograms: ReadonlyMap<string, Histogram>;
}

function registerFamilies(catalogue: readonly MetricDefinition[], registry: Registry): Families {
  const counters = new Map<string, Counter>();
  const gauges = new Map<string, Gauge>();
  const histograms = new Map<string, Histogram>();
  for (const { name, help, type, labelNames, buckets } of catalogue) {
    const settings = { name, help, labelNames: [...labelNames], registers: [registry] };
    if (type === 'counter') counters.set(name, new Counter(settings));
    else if (type === 'gauge') gauges.set(name, new Gauge(settings));
    else histograms.set(name, new Histogram({ ...settings, ...(buckets === undefined ? {} : { buckets: [...buckets] }) }));
  }
  return { counters, gauges, histograms };
}

function familyOf<T>(families: ReadonlyMap<string, T>, { name, type }: MetricDefinition): T {
  const family = families.get(name);
  if (family === undefined) throw new Error(`${name} is no ${type} of the metric catalogue`);
  return family;
}

/**
 * The metric catalogue in a registry of its own, beside the default metrics of the Node process.
 *
 * A metric or a label that is not in the catalogue is a mistake in the program: the sink throws.
 */
export function createPrometheusMetrics(catalogue: readonly MetricDefinition[]): PrometheusMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const { counters, gauges, histograms } = registerFamilies(catalogue, registry);
  return {
    sink: {
      add: (metric: MetricDefinition, value: number, labels: Labels = {}) => familyOf(counters, metric).inc(labels, value),
      move: (metric: MetricDefinition, delta: number, labels: Labels = {}) => familyOf(gauges, metric).inc(labels, delta),
      observe: (metric: MetricDefinition, value: number, labels: Labels = {}) => familyOf(histograms, metric).observe(labels, value),
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
    async collect() {
      const families = await registry.getMetricsAsJSON();
      return families.flatMap(({ name, values }) =>
        (values as readonly (Omit<MetricPoint, 'name'> & { readonly metricName?: string })[]).map(({ metricName, labels, value }) => ({
          name: metricName ?? name,
          labels,
          value,
        })),
      );
    },
  };
}
