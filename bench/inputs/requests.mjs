import {
  histogramSeries,
  kubeStateSeries,
  nodeExporterSeries,
  nodeTargets,
  plainSeries,
  replacedTargets,
  requestsOf,
  scrapesOf,
} from './series.mjs';

/** @typedef {import('./series.mjs').InputSeries} InputSeries */

/**
 * What is sent, as a case names it.
 *
 * @typedef {object} WriteInput
 * @property {'plain' | 'node-exporter' | 'kube-state-metrics' | 'histograms'} shape
 * @property {number} samplesPerRequest
 * @property {number} [labels] of each series; only of `plain`
 * @property {number} [targets] only of `node-exporter`
 * @property {'node' | 'kubernetes'} [targetLabels] only of `node-exporter`
 * @property {'in-order' | 'spread'} [order] how series are spread over requests
 * @property {number} [shards]
 * @property {number} [generations] how many times all label sets are replaced by new ones
 * @property {number} [seed]
 */

/**
 * The series of each request of a scrape.
 *
 * @param {WriteInput} input
 * @returns {readonly (readonly InputSeries[])[]}
 */
export function requestsOfInput(input) {
  const { samplesPerRequest, order = 'in-order', seed = 1, shards, generations = 1 } = input;
  const requests = requestsOf(scrapesOfInput(input), {
    order,
    samplesPerRequest,
    seed,
    ...(shards === undefined ? {} : { shards }),
  });
  if (generations === 1) return requests;
  return Array.from({ length: generations }, (_, generation) => requests.map((series) => replacedTargets(series, generation))).flat();
}

/**
 * @param {WriteInput} input
 * @returns {readonly (readonly InputSeries[])[]}
 */
function scrapesOfInput({ shape, samplesPerRequest, labels = 10, targets = 20, targetLabels = 'kubernetes' }) {
  switch (shape) {
    case 'plain':
      return [plainSeries(samplesPerRequest, labels)];
    case 'node-exporter':
      return scrapesOf(nodeExporterSeries(), nodeTargets(targets, targetLabels));
    case 'kube-state-metrics':
      return scrapesOf(kubeStateSeries(Math.ceil(samplesPerRequest / 14)), nodeTargets(1, 'kubernetes'));
    case 'histograms':
      return scrapesOf(histogramSeries(Math.ceil(samplesPerRequest / 14)), nodeTargets(1, 'kubernetes'));
  }
}
