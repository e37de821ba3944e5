import type { LabelMatcher, TimeSeries } from '@timestream-prometheus/prom-codec';
import { readSeries, type ReadTarget } from './read-series.js';
import type { Portion, SampleSource } from './sample-source.js';

export interface RemoteSourceOptions {
  readonly target: ReadTarget;
  /** The times as a person gave them: `30d` is another time at the next run, and the same work. */
  readonly identity: string;
  readonly matchers: readonly LabelMatcher[];
  readonly fromMs: number;
  /** Inclusive. */
  readonly toMs: number;
  /** How much of time one read asks for. */
  readonly windowMs: number;
}

/** What another server answers to remote read, window by window. */
export function createRemoteSource({ target, identity, matchers, fromMs, toMs, windowMs }: RemoteSourceOptions): SampleSource {
  return {
    identity,
    size: toMs - fromMs + 1,
    sampleCount: undefined,
    minTimeMs: fromMs,
    async *portions(from, maxSamples, signal) {
      for (let startMs = Number(from?.['startMs'] ?? fromMs); startMs <= toMs; startMs += windowMs) {
        const endMs = Math.min(toMs, startMs + windowMs - 1);
        let timeseries: TimeSeries[] = [];
        let pending = 0;
        const portion = (nextMs: number): Portion => {
          const made = { timeseries, faults: [], next: { startMs: nextMs }, done: nextMs - fromMs };
          timeseries = [];
          pending = 0;
          return made;
        };
        for await (const { labels, histograms, ...samples } of readSeries(target, matchers, startMs, endMs, signal)) {
          timeseries.push({ labels, samples, exemplars: [], histograms });
          pending += samples.timestampsMs.length + histograms.length;
          // After a break the window is read again: equal samples are stored once.
          if (pending >= maxSamples) yield portion(startMs);
        }
        yield portion(endMs + 1);
      }
    },
  };
}
