import type { TimeSeries } from '@timestream-prometheus/prom-codec';

/** Something of a source that cannot be taken, by where it stands. Everything else is. */
export interface SourceFault {
  /** File, and line or block and series. */
  readonly place: string;
  readonly reason: string;
}

/** A part of a source, small enough for one request. */
export interface Portion {
  readonly timeseries: readonly TimeSeries[];
  readonly faults: readonly SourceFault[];
  /** Where to go on after it: JSON, kept between two runs. */
  readonly next: SourcePosition;
  /** Of `SampleSource.size`, with this portion. */
  readonly done: number;
}

export type SourcePosition = Readonly<Record<string, number | string>>;

/** Where samples come from. It may be read again, and gives the same portions then. */
export interface SampleSource {
  /** What it is, in a word or two, and the same in the next run: a position belongs to it. */
  readonly identity: string;
  /** In units of its own: bytes, samples or milliseconds. */
  readonly size: number;
  /** How many samples it has, where it says so itself. */
  readonly sampleCount: number | undefined;
  readonly minTimeMs: number | undefined;
  portions(from: SourcePosition | undefined, maxSamples: number, signal: AbortSignal): AsyncIterable<Portion>;
}
