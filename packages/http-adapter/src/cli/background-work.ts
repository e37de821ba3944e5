import { ownWriteRequest, type Config, type Connector, type OwnSample } from '@timestream-prometheus/connector';
import type { Logger } from 'pino';
import { DEMO_HISTORY_MS, DEMO_STEP_MS, demoSamplesAt } from '../demo-fleet.js';
import { HISTORY_STEP_MS, type MetricsHistory } from '../metrics-history.js';
import type { PrometheusMetrics } from '../prometheus-metrics.js';
import { scrapeSelf } from '../self-scrape.js';

export interface BackgroundWorkOptions {
  readonly config: Pick<Config, 'selfScrape' | 'demo'>;
  readonly connector: Connector;
  readonly metrics: PrometheusMetrics;
  readonly history: MetricsHistory;
  /** The value of the header for what the program stores itself. */
  readonly authorization: string | undefined;
  readonly url: string;
  readonly logger: Logger;
}

const DEMO_SEED = 1;
/** As many samples as a Prometheus sends in one request. */
const DEMO_SAMPLES_PER_REQUEST = 2_000;

/** What the server does without being asked: the history of the status page, its own metrics, the invented fleet. Gives what ends it. */
export function startBackgroundWork(options: BackgroundWorkOptions): () => void {
  const { config, connector, metrics, history, authorization, url, logger } = options;
  const stop = new AbortController();
  const instance = new URL(url).host;

  const every = (stepMs: number, work: () => Promise<unknown>): void => {
    let isBusy = false;
    const run = async (): Promise<void> => {
      // A round that takes longer than its step is not joined by the next one.
      if (isBusy) return;
      isBusy = true;
      try {
        await work();
      } catch (error) {
        logger.error({ err: error }, 'work in the background failed');
      } finally {
        isBusy = false;
      }
    };
    void run();
    const timer = setInterval(() => void run(), stepMs);
    timer.unref();
    stop.signal.addEventListener('abort', () => clearInterval(timer));
  };

  every(HISTORY_STEP_MS, () => history.take(Date.now()));
  if (config.selfScrape) {
    const selfScrape = { connector, collect: () => metrics.collect(), authorization, instance, nowMs: () => Date.now() };
    every(HISTORY_STEP_MS, () => scrapeSelf(selfScrape, stop.signal));
  }
  if (config.demo) {
    let nextMs = Math.ceil((Date.now() - DEMO_HISTORY_MS) / DEMO_STEP_MS) * DEMO_STEP_MS;
    every(DEMO_STEP_MS, async () => {
      let waiting: OwnSample[] = [];
      const send = async (): Promise<void> => {
        const { status } = await connector.handle(ownWriteRequest(waiting, authorization, stop.signal));
        if (status >= 300 && !stop.signal.aborted) logger.warn({ status }, 'samples of the demo were not stored');
        waiting = [];
      };
      for (; nextMs <= Date.now() && !stop.signal.aborted; nextMs += DEMO_STEP_MS) {
        waiting.push(...demoSamplesAt(nextMs, DEMO_SEED));
        if (waiting.length >= DEMO_SAMPLES_PER_REQUEST) await send();
      }
      if (waiting.length > 0 && !stop.signal.aborted) await send();
    });
  }
  return () => stop.abort();
}
