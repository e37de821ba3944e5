import type { LabelMatcher, TimeSeries } from '@timestream-prometheus/prom-codec';
import { seriesWithoutSamples } from '@timestream-prometheus/timestream-translator';
import { createAnswerTally } from './answer-tally.js';
import { compileMatchers } from './compile-matchers.js';
import { listLabelNames, listLabelValues } from './list-labels.js';
import { listSeriesWithAllLabels } from './list-series.js';
import { bytesOfSelected } from './bytes-held.js';
import { readAggregated } from './packed/read-aggregated.js';
import type { ReadContext, Selection } from './read-context.js';
import { readErrorOf } from './read-error.js';
import { selectBatches } from './select-batches.js';
import type { SelectedSeries, SeriesStore } from './series-store.js';

/** The series of the table of a context, packed or as rows. */
export function createSeriesStore(context: ReadContext): SeriesStore {
  const tally = createAnswerTally(context);

  function selectionOf(matchers: readonly LabelMatcher[], fromMs: number, toMs: number): Selection {
    return {
      query: { matchers, startTimestampMs: BigInt(Math.ceil(fromMs)), endTimestampMs: BigInt(Math.floor(toMs)) },
      matchers: compileMatchers(matchers),
    };
  }

  return {
    async *select(matchers, fromMs, toMs, { newestOnly = false, bins = null } = {}) {
      try {
        const selection = selectionOf(matchers, fromMs, toMs);
        // Whoever asks keeps them: until the request has ended.
        const held = context.memory.hold();
        for await (const { timeseries, areCounts = false } of selectBatches(selection, tally, context, { newestOnly, bins })) {
          await held.add(bytesOfSelected(timeseries));
          if (timeseries.length > 0) yield timeseries.map((series) => selectedSeriesOf(series, newestOnly, areCounts));
        }
      } catch (error) {
        throw readErrorOf(error);
      }
    },
    aggregate: (matchers, fromMs, toMs, aggregation) =>
      inConnectorTerms(() => readAggregated(selectionOf(matchers, fromMs, toMs), aggregation, tally, context)),
    listSeries: (matchers, fromMs, toMs) =>
      inConnectorTerms(async () => {
        const listed = await listSeriesWithAllLabels(selectionOf(matchers, fromMs, toMs), tally.left.maxSeries, context);
        return seriesWithoutSamples(listed).map(({ labels }) => labels);
      }),
    listLabelNames: (matchers, fromMs, toMs) =>
      inConnectorTerms(() => listLabelNames(selectionOf(matchers, fromMs, toMs), tally.left.maxSeries, context)),
    listLabelValues: (label, matchers, fromMs, toMs) =>
      inConnectorTerms(() => listLabelValues(label, selectionOf(matchers, fromMs, toMs), tally.left.maxSeries, context)),
  };
}

async function inConnectorTerms<Result>(ask: () => Promise<Result>): Promise<Result> {
  try {
    return await ask();
  } catch (error) {
    throw readErrorOf(error);
  }
}

/** Takes the memory of the series: a copy of its times would be as large as its values. */
function selectedSeriesOf({ labels, samples, histograms }: TimeSeries, newestOnly: boolean, areCounts: boolean): SelectedSeries {
  // Several physical series of the same labels have a newest sample each, and so may floats and histograms: who asks takes the latest.
  const from = newestOnly ? Math.max(0, samples.timestampsMs.length - 1) : 0;
  const valueBits = samples.valueBits.subarray(from);
  const values = new Float64Array(valueBits.buffer, valueBits.byteOffset, valueBits.length);
  return {
    labels,
    timestampsMs: numbersInPlace(samples.timestampsMs.subarray(from)),
    values,
    valueBits,
    histograms: newestOnly ? histograms.slice(-1) : histograms,
    counts: areCounts ? values : null,
  };
}

/** The same whole numbers as doubles, each where it was: both take eight bytes. */
function numbersInPlace(integers: BigInt64Array): Float64Array {
  const numbers = new Float64Array(integers.buffer, integers.byteOffset, integers.length);
  for (let index = 0; index < numbers.length; index++) numbers[index] = Number(integers[index]);
  return numbers;
}
