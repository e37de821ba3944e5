import type { TimeSeries } from '@timestream-prometheus/prom-codec';
import { SAMPLES_PER_HISTOGRAM, type ReadLimits } from '@timestream-prometheus/timestream-translator';
import { ConnectorError } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import type { ReadContext } from './read-context.js';

/** Counts what the queries of one read select together, against the limits of an answer. */
export interface AnswerTally {
  /** What the answer may still take. */
  readonly left: ReadLimits;
  /** @throws ConnectorError read-limit-exceeded if that many more would be too many */
  assertRoomFor(counts: { readonly series: number; readonly samples: number }): void;
  /**
   * Counts series that are part of the answer.
   *
   * @throws ConnectorError read-limit-exceeded
   */
  add(timeseries: readonly TimeSeries[]): void;
}

export function createAnswerTally({ config, metrics }: Pick<ReadContext, 'config' | 'metrics'>): AnswerTally {
  let series = 0;
  let samples = 0;

  function assertRoomFor(more: { readonly series: number; readonly samples: number }): void {
    const total = { series: series + more.series, samples: samples + more.samples };
    if (total.samples > config.maxSamplesPerRead)
      throw totalError(total.samples, 'samples', config.maxSamplesPerRead, 'max-samples-per-read');
    if (total.series > config.maxSeriesPerRead) throw totalError(total.series, 'series', config.maxSeriesPerRead, 'max-series-per-read');
  }

  return {
    get left() {
      return { maxSamples: config.maxSamplesPerRead - samples, maxSeries: config.maxSeriesPerRead - series };
    },
    assertRoomFor,
    add(timeseries) {
      const more = { series: timeseries.length, samples: sampleWeightOf(timeseries) };
      assertRoomFor(more);
      series += more.series;
      samples += more.samples;
      metrics.add(METRICS.readSeries, more.series);
      metrics.add(METRICS.readSamples, sampleCountOf(timeseries));
    },
  };
}

/** Float samples and histograms. */
function sampleCountOf(timeseries: readonly TimeSeries[]): number {
  return timeseries.reduce((sum, { samples, histograms }) => sum + samples.timestampsMs.length + histograms.length, 0);
}

/** What they count against limits: a histogram as many samples. */
export function sampleWeightOf(timeseries: readonly TimeSeries[]): number {
  return timeseries.reduce(
    (sum, { samples, histograms }) => sum + samples.timestampsMs.length + SAMPLES_PER_HISTOGRAM * histograms.length,
    0,
  );
}

function totalError(count: number, what: string, limit: number, option: string): ConnectorError {
  return new ConnectorError(
    'read-limit-exceeded',
    `the queries of the read select ${count} ${what} together, ${limit} are allowed (${option}): narrow their matchers or time ranges`,
  );
}
