import { METRIC_CATALOGUE, type MetricDefinition, type MetricsSink } from '../../src/index.js';

/** A metrics sink that keeps sums, and refuses what the catalogue does not have. */
export class RecordingMetrics implements MetricsSink {
  readonly #sums = new Map<string, number>();
  readonly #definitions = new Map<string, MetricDefinition>(METRIC_CATALOGUE.map((definition) => [definition.name, definition]));

  add(metric: MetricDefinition, value: number, labels: Readonly<Record<string, string>> = {}): void {
    if (value < 0) throw new Error(`${metric.name} goes down`);
    this.#record('counter', metric, value, labels);
  }

  observe(metric: MetricDefinition, value: number, labels: Readonly<Record<string, string>> = {}): void {
    if (!(value >= 0)) throw new Error(`${metric.name} observes ${value}`);
    this.#record('histogram', metric, 1, labels);
  }

  move(metric: MetricDefinition, delta: number, labels: Readonly<Record<string, string>> = {}): void {
    this.#record('gauge', metric, delta, labels);
  }

  /** Sum over all values of the labels that are not given; of a histogram the number of observations. */
  sum(definition: MetricDefinition, labels: Readonly<Record<string, string>> = {}): number {
    let sum = 0;
    for (const [key, value] of this.#sums) {
      const [name, own] = JSON.parse(key) as [string, Record<string, string>];
      if (name === definition.name && Object.entries(labels).every(([label, expected]) => own[label] === expected)) sum += value;
    }
    return sum;
  }

  #record(
    type: MetricDefinition['type'],
    { name, labelNames }: MetricDefinition,
    value: number,
    labels: Readonly<Record<string, string>>,
  ): void {
    if (this.#definitions.get(name)?.type !== type) throw new Error(`${name} is no ${type} of the catalogue`);
    const given = Object.keys(labels);
    if (given.length !== labelNames.length || !given.every((label) => labelNames.includes(label))) {
      throw new Error(`${name} has the labels ${labelNames.join()}, not ${given.join()}`);
    }
    const key = JSON.stringify([name, labels]);
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + value);
  }
}
