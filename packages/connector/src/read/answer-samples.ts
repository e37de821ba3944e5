import { encodeReadResponseInSteps, encodeSnappyInSteps, type TimeSeries } from '@timestream-prometheus/prom-codec';
import { seriesWithoutSamples } from '@timestream-prometheus/timestream-translator';
import { ConnectorError } from '../errors/connector-error.js';
import { METRICS } from '../metrics/metric-catalogue.js';
import { runInTurns } from '../concurrency/turns.js';
import { runTogether } from '../concurrency/run-together.js';
import type { ConnectorResponse } from '../seam.js';
import { createAnswerTally } from './answer-tally.js';
import { listSeriesWithAllLabels } from './list-series.js';
import { runPackedQuery } from './packed/run-packed-query.js';
import { wantsLabelsOnly, type ReadContext, type Selection } from './read-context.js';
import { runQuery } from './run-query.js';

/**
 * The answer of type SAMPLES: every query whole, then encoded as one message. The first failure ends all queries of the request: their answers
 * are of no use any more.
 *
 * @throws ConnectorError, ReadLimitError, RowFormatError
 */
export async function answerSamples(selections: readonly Selection[], context: ReadContext): Promise<ConnectorResponse> {
  const { maxResponseBytes } = context.config;
  const results = await runTogether(
    selections.map((selection) => (signal) => selectSeries(selection, { ...context, signal })),
    context.signal,
  );
  const tally = createAnswerTally(context);
  for (const timeseries of results) tally.add(timeseries);
  context.metrics.add(METRICS.readQueries, results.length);
  const { turns, signal } = context;
  const message = await runInTurns(encodeReadResponseInSteps({ results: results.map((timeseries) => ({ timeseries })) }), turns, signal);
  const body = await runInTurns(encodeSnappyInSteps(message), turns, signal);
  if (body.length > maxResponseBytes) {
    throw new ConnectorError(
      'read-limit-exceeded',
      `the answer has ${body.length} bytes, ${maxResponseBytes} are allowed (max-response-bytes): narrow the time range or the matchers`,
    );
  }
  return { status: 200, headers: { 'content-type': 'application/x-protobuf', 'content-encoding': 'snappy' }, body };
}

async function selectSeries(selection: Selection, context: ReadContext): Promise<readonly TimeSeries[]> {
  const { maxSamplesPerRead: maxSamples, maxSeriesPerRead: maxSeries } = context.config;
  if (wantsLabelsOnly(selection)) return seriesWithoutSamples(await listSeriesWithAllLabels(selection, maxSeries, context));
  // Until the answer has left.
  const held = context.memory.hold();
  const packed = await runPackedQuery(selection, { maxSamples, maxSeries }, context, held);
  if (packed !== null) return packed;
  await held.set(0);
  const outcome = await runQuery(selection, { maxSamples, maxSeries }, context, held);
  if (outcome.kind === 'too-many-samples') throw outcome.error;
  return outcome.series;
}
