import protobuf from 'protobufjs';

/** Prometheus' format of scraped pages that has native histograms: each family is a message of its own behind its length. */
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message LabelPair { string name = 1; string value = 2; }
  message Timestamp { int64 seconds = 1; int32 nanos = 2; }
  message Exemplar { repeated LabelPair label = 1; double value = 2; Timestamp timestamp = 3; }
  message Gauge { double value = 1; }
  message Counter { double value = 1; Exemplar exemplar = 2; }
  message BucketSpan { sint32 offset = 1; uint32 length = 2; }
  message Bucket { uint64 cumulative_count = 1; double upper_bound = 2; Exemplar exemplar = 3; }
  message Histogram {
    uint64 sample_count = 1; double sample_sum = 2; repeated Bucket bucket = 3; double sample_count_float = 4;
    sint32 schema = 5; double zero_threshold = 6; uint64 zero_count = 7; double zero_count_float = 8;
    repeated BucketSpan negative_span = 9; repeated sint64 negative_delta = 10; repeated double negative_count = 11;
    repeated BucketSpan positive_span = 12; repeated sint64 positive_delta = 13; repeated double positive_count = 14;
    repeated Exemplar exemplars = 16;
  }
  message Metric { repeated LabelPair label = 1; Gauge gauge = 2; Counter counter = 3; Histogram histogram = 7; }
  message MetricFamily { string name = 1; string help = 2; int32 type = 3; repeated Metric metric = 4; string unit = 5; }
`,
  { keepCase: true },
);
const family = root.lookupType('MetricFamily');

const TYPES = { counter: 0, gauge: 1, histogram: 4, gaugehistogram: 5 } as const;

export interface ScrapedHistogram {
  readonly sample_count?: number;
  readonly sample_count_float?: number;
  readonly sample_sum: number;
  readonly bucket?: readonly { readonly cumulative_count: number; readonly upper_bound: number }[];
  readonly schema?: number;
  readonly zero_threshold?: number;
  readonly zero_count?: number;
  readonly zero_count_float?: number;
  readonly negative_span?: readonly { readonly offset: number; readonly length: number }[];
  readonly negative_delta?: readonly number[];
  readonly negative_count?: readonly number[];
  readonly positive_span?: readonly { readonly offset: number; readonly length: number }[];
  readonly positive_delta?: readonly number[];
  readonly positive_count?: readonly number[];
  readonly exemplars?: readonly ScrapedExemplar[];
}

export interface ScrapedExemplar {
  readonly label: readonly { readonly name: string; readonly value: string }[];
  readonly value: number;
  readonly timestamp?: { readonly seconds: number; readonly nanos: number };
}

export interface ScrapedMetric {
  readonly labels: Readonly<Record<string, string>>;
  readonly gauge?: { readonly value: number };
  readonly counter?: { readonly value: number; readonly exemplar?: ScrapedExemplar };
  readonly histogram?: ScrapedHistogram;
}

export interface ScrapedFamily {
  readonly name: string;
  readonly help?: string;
  readonly unit?: string;
  readonly type: keyof typeof TYPES;
  readonly metrics: readonly ScrapedMetric[];
}

/** A page of these families. */
export function protobufPage(families: readonly ScrapedFamily[]): Uint8Array {
  return Buffer.concat(
    families.map(({ metrics, type, ...rest }) =>
      family
        .encodeDelimited(
          family.fromObject({
            ...rest,
            type: TYPES[type],
            metric: metrics.map(({ labels, ...one }) => ({
              label: Object.entries(labels).map(([name, value]) => ({ name, value })),
              ...one,
            })),
          }),
        )
        .finish(),
    ),
  );
}
