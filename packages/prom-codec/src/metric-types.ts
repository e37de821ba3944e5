import type { MetricType } from './model.js';

/** By number of the enum, the same in both versions of remote write; a number that is not here is read as unknown. */
export const METRIC_TYPES: readonly MetricType[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
];
