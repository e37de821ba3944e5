import { METRICS } from '@timestream-prometheus/connector';
import type { StatusError, StatusHistory } from '@timestream-prometheus/status-page';
import type { MetricPoint } from './prometheus-metrics.js';

/** An hour of points ten seconds apart: what the status page draws. */
export const HISTORY_STEP_MS = 10_000;
const HISTORY_POINTS = 360;
/** Label values of the catalogue are closed sets; this is for the day on which one is not. */
const MAX_COLUMNS = 100;
const MAX_ERRORS = 100;

const LATENCY_QUANTILE = 0.99;

type Labels = Readonly<Record<string, string | number>>;

/** Which counter becomes which column, as a rate per second. A name that ends with a colon goes on with the values of the labels. */
const RATES: readonly { readonly metric: string; readonly column: string; readonly labels: readonly string[] }[] = [
  { metric: METRICS.receivedSamples.name, column: 'received', labels: [] },
  { metric: METRICS.storedRecords.name, column: 'stored', labels: [] },
  { metric: METRICS.readSamples.name, column: 'read', labels: [] },
  { metric: METRICS.rejectedRecords.name, column: 'refused:', labels: ['reason'] },
  { metric: METRICS.droppedSamples.name, column: 'refused:', labels: ['reason'] },
  { metric: METRICS.responses.name, column: 'answers:', labels: ['endpoint', 'status'] },
  { metric: METRICS.timestreamCalls.name, column: 'calls:', labels: ['operation', 'outcome'] },
  { metric: METRICS.meteredWriteBytes.name, column: 'metered:write', labels: [] },
  { metric: METRICS.meteredQueryBytes.name, column: 'metered:query', labels: [] },
];

/** Answers that nobody has to do anything about. */
const NO_ERRORS = new Set(['none', 'client-gone']);

/**
 * The last hour of the metrics, kept in memory for the status page: rates of counters and a quantile of request times. It knows only what
 * the metrics page shows to everybody.
 */
export class MetricsHistory {
  readonly #collect: () => Promise<readonly MetricPoint[]>;
  readonly #meaningOf: (code: string) => string;
  readonly #timesMs: number[] = [];
  readonly #columns = new Map<string, (number | null)[]>();
  readonly #errors = new Map<string, StatusError>();
  #earlier: { readonly timeMs: number; readonly values: ReadonlyMap<string, number> } | undefined;

  constructor(collect: () => Promise<readonly MetricPoint[]>, meaningOf: (code: string) => string) {
    this.#collect = collect;
    this.#meaningOf = meaningOf;
  }

  /** Takes a point. The first one only says where the counters stand. */
  async take(nowMs: number): Promise<void> {
    const points = await this.#collect();
    const values = new Map<string, number>();
    for (const { name, labels, value } of points) {
      for (const { metric, column, labels: labelNames } of RATES) {
        if (name === metric) add(values, columnName(column, labelNames, labels), value);
      }
      if (name === `${METRICS.requestDuration.name}_bucket`)
        values.set(`bucket ${String(labels['endpoint'])} ${String(labels['le'])}`, value);
      if (name === METRICS.responses.name) this.#noteError(labels, value, nowMs);
    }
    const earlier = this.#earlier;
    this.#earlier = { timeMs: nowMs, values };
    if (earlier === undefined || nowMs <= earlier.timeMs) return;

    const seconds = (nowMs - earlier.timeMs) / 1000;
    const point = new Map<string, number>();
    const grown = new Map<string, number>();
    for (const [name, value] of values) {
      const growth = Math.max(0, value - (earlier.values.get(name) ?? 0));
      if (name.startsWith('bucket ')) grown.set(name.slice('bucket '.length), growth);
      else point.set(name, growth / seconds);
    }
    for (const [endpoint, latency] of latencies(grown)) point.set(`latency:${endpoint}`, latency);
    this.#append(nowMs, point);
  }

  history(): StatusHistory {
    return { timesMs: [...this.#timesMs], columns: Object.fromEntries(Array.from(this.#columns, ([name, values]) => [name, [...values]])) };
  }

  /** The newest first. */
  errors(): readonly StatusError[] {
    return [...this.#errors.values()].sort((left, right) => right.lastMs - left.lastMs);
  }

  #append(nowMs: number, point: ReadonlyMap<string, number>): void {
    for (const name of point.keys()) {
      if (!this.#columns.has(name) && this.#columns.size < MAX_COLUMNS)
        this.#columns.set(
          name,
          this.#timesMs.map(() => null),
        );
    }
    this.#timesMs.push(nowMs);
    for (const [name, values] of this.#columns) values.push(point.get(name) ?? null);
    if (this.#timesMs.length <= HISTORY_POINTS) return;
    this.#timesMs.shift();
    for (const values of this.#columns.values()) values.shift();
  }

  #noteError(labels: Labels, count: number, nowMs: number): void {
    const [endpoint, status, code] = [String(labels['endpoint']), String(labels['status']), String(labels['error'])];
    if (NO_ERRORS.has(code)) return;
    const key = `${endpoint} ${status} ${code}`;
    const known = this.#errors.get(key);
    if (known?.count === count || (known === undefined && this.#errors.size >= MAX_ERRORS)) return;
    this.#errors.set(key, { endpoint, status, code, meaning: this.#meaningOf(code), count, lastMs: nowMs });
  }
}

function columnName(column: string, labelNames: readonly string[], labels: Labels): string {
  return column + labelNames.map((name) => String(labels[name] ?? '')).join(' ');
}

function add(values: Map<string, number>, name: string, value: number): void {
  values.set(name, (values.get(name) ?? 0) + value);
}

/** By endpoint, in seconds: the upper bound of the bucket that the quantile falls into. Nothing for an endpoint without requests. */
function latencies(grown: ReadonlyMap<string, number>): Map<string, number> {
  const buckets = new Map<string, { readonly bound: number; readonly count: number }[]>();
  for (const [key, count] of grown) {
    const [endpoint = '', le = ''] = key.split(' ');
    const list = buckets.get(endpoint) ?? [];
    list.push({ bound: le === '+Inf' ? Infinity : Number(le), count });
    buckets.set(endpoint, list);
  }
  const result = new Map<string, number>();
  for (const [endpoint, list] of buckets) {
    list.sort((left, right) => left.bound - right.bound);
    const total = list.at(-1)?.count ?? 0;
    if (total === 0) continue;
    const reached = list.find(({ count }) => count >= total * LATENCY_QUANTILE)?.bound ?? Infinity;
    // Above the last bound nothing is known but that it is above.
    result.set(endpoint, Number.isFinite(reached) ? reached : (list.at(-2)?.bound ?? 0));
  }
  return result;
}
