import type { CounterDefinition, GaugeDefinition, HistogramDefinition } from '../metrics/metric-catalogue.js';
import type { MetricsSink } from '../ports.js';
import type { CounterChange } from './worker-messages.js';

/** Counters of a worker, until they are added to those of the process. A write changes no other metric but by its calls, which are not made here. */
export class CountedMetrics implements MetricsSink {
  #changes = new Map<string, CounterChange>();

  add({ name }: Pick<CounterDefinition, 'name'>, value: number, labels?: Readonly<Record<string, string>>): void {
    const key = labels === undefined ? name : `${name} ${JSON.stringify(labels)}`;
    const change = this.#changes.get(key);
    if (change === undefined) this.#changes.set(key, { name, labels, value });
    else change.value += value;
  }

  observe({ name }: Pick<HistogramDefinition, 'name'>): never {
    throw new TypeError(`a worker counts, and does not observe ${name}`);
  }

  move({ name }: Pick<GaugeDefinition, 'name'>): never {
    throw new TypeError(`a worker counts, and does not move ${name}`);
  }

  /** What was counted since the last time. */
  take(): readonly CounterChange[] {
    if (this.#changes.size === 0) return [];
    const changes = [...this.#changes.values()];
    this.#changes = new Map();
    return changes;
  }
}
