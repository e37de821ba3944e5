import { METRIC_CATALOGUE, type MetricDefinition, type MetricsSink } from '../../src/index.js';

/** A metrics sink that keeps sums, and refuses what the catalogue does not have. */
export class RecordingMetrics implements MetricsSink {
  readonly #sums = new Map<string, number>();
  readonly #definitions = new Map<string, MetricDefinition>(METRIC_CATALOGUE.map((definition) => [definition.name, definition]));

  add(metric: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    if (value < 0) throw new Error(`${metric} goes down`);
    this.#record('counter', metric, value, labels);
  }

  observe(metric: string, value: number, labels: Readonly<Record<string, string>> = {}): void {
    if (!(value >= 0)) throw new Error(`${metric} observes ${value}`);
    this.#record('histogram', metric, 1, labels);
  }

  move(metric: string, delta: number, labels: Readonly<Record<string, string>> = {}): void {
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

  #record(type: MetricDefinition['type'], metric: string, value: number, labels: Readonly<Record<string, string>>): void {
    const definition = this.#definitions.get(metric);
    if (definition?.type !== type) throw new Error(`${metric} is no ${type} of the catalogue`);
    const names = Object.keys(labels);
    if (names.length !== definition.labelNames.length || !names.every((name) => definition.labelNames.includes(name))) {
      throw new Error(`${metric} has the labels ${definition.labelNames.join()}, not ${names.join()}`);
    }
    const key = JSON.stringify([metric, labels]);
    this.#sums.set(key, (this.#sums.get(key) ?? 0) + value);
  }
}
