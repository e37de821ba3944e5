import { ownWriteRequest, type Connector } from '@timestream-prometheus/connector';
import type { MetricPoint } from './prometheus-metrics.js';

export interface SelfScrapeOptions {
  readonly connector: Connector;
  readonly collect: () => Promise<readonly MetricPoint[]>;
  /** The value of the header, undefined where the connector uses its own credentials. */
  readonly authorization: string | undefined;
  /** The label `instance`: where a Prometheus would scrape. */
  readonly instance: string;
  readonly nowMs: () => number;
}

/** As in the scrape job of the runbook, so that dashboard and alerts fit. */
export const SELF_SCRAPE_JOB = 'timestream-prometheus';

/** Stores the connector's own metrics once, as a scrape by Prometheus would. What is refused is counted and logged like any other write. */
export async function scrapeSelf(options: SelfScrapeOptions, signal: AbortSignal): Promise<void> {
  const { connector, collect, authorization, instance, nowMs } = options;
  const timestampMs = nowMs();
  const own = { job: SELF_SCRAPE_JOB, instance };
  const points = [{ name: 'up', labels: {}, value: 1 }, ...(await collect())];
  const samples = points.map(({ name, labels, value }) => ({
    labels: { __name__: name, ...Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, String(text)])), ...own },
    timestampMs,
    value,
  }));
  await connector.handle(ownWriteRequest(samples, authorization, signal));
}
