import type { MetricMetadata } from '@timestream-prometheus/prom-codec';

/** What the series of a family are called beside its name, where one name is not enough (exposition formats, OpenMetrics). */
const SUFFIXES: Partial<Record<MetricMetadata['type'], readonly string[]>> = {
  histogram: ['_bucket', '_count', '_sum'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['_count', '_sum'],
};

/**
 * The metadata of a series of remote write 2.0, which goes by the name of the series, as the metadata of its family: that of
 * `request_seconds_bucket` is about the histogram `request_seconds`.
 */
export function metadataOfFamily(metadata: MetricMetadata): MetricMetadata {
  const { metricFamilyName: name, type } = metadata;
  const suffix = SUFFIXES[type]?.find((end) => name.endsWith(end) && name.length > end.length);
  return suffix === undefined ? metadata : { ...metadata, metricFamilyName: name.slice(0, -suffix.length) };
}
