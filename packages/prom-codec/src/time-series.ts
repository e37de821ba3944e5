import { ExemplarReader, writeExemplar } from './exemplar.js';
import { HistogramReader, writeHistogram } from './histogram.js';
import { LabelReader, writeLabels } from './label.js';
import { lastStepOf } from './last-step-of.js';
import { assertWithin, type SeriesLimits } from './limits.js';
import type { Exemplar, Histogram, Label, TimeSeries } from './model.js';
import { type MessageShape, type ProtobufReader, WIRE_BYTES } from './protobuf-reader.js';
import type { ProtobufWriter } from './protobuf-writer.js';
import { SampleBuffer } from './sample-buffer.js';
import { SampleReader } from './sample-reader.js';
import { samplesOfHistogram, StepPace } from './step-pace.js';

export const TIME_SERIES: MessageShape = { name: 'TimeSeries', fields: { 1: 'labels', 2: 'samples', 3: 'exemplars', 4: 'histograms' } };

const NO_EXEMPLARS: readonly Exemplar[] = [];
const NO_HISTOGRAMS: readonly Histogram[] = [];

/** A series whose samples still lie in the columns. */
interface PendingSeries {
  readonly labels: readonly Label[];
  readonly firstSample: number;
  readonly endSample: number;
  readonly exemplars: readonly Exemplar[];
  readonly histograms: readonly Histogram[];
}

/** Reads the series of one message (`prompb/types.proto`, TimeSeries) into two columns of samples. */
export class TimeSeriesReader {
  readonly #reader: ProtobufReader;
  readonly #limits: SeriesLimits;
  readonly #labels: LabelReader;
  readonly #histogramReader: HistogramReader;
  readonly #exemplarReader: ExemplarReader;
  readonly #sampleReader: SampleReader;
  readonly #columns = new SampleBuffer();
  readonly #series: PendingSeries[] = [];
  #histogramCount = 0;

  constructor(reader: ProtobufReader, limits: SeriesLimits) {
    this.#reader = reader;
    this.#limits = limits;
    this.#labels = new LabelReader(reader, limits);
    this.#histogramReader = new HistogramReader(reader, limits);
    this.#exemplarReader = new ExemplarReader(reader, this.#labels, limits);
    this.#sampleReader = new SampleReader(reader, limits);
  }

  /** Read the series at hand. `field` names the owner, e.g. `WriteRequest.timeseries`. */
  read(field: string): void {
    const reader = this.#reader;
    assertWithin(this.#limits.maxSeries, 'maxSeries', this.#series.length + 1, field, reader.position);
    const outerEnd = reader.enter(field);
    const firstSample = this.#columns.count;
    const labels: Label[] = [];
    let exemplars = NO_EXEMPLARS as Exemplar[];
    let histograms = NO_HISTOGRAMS as Histogram[];
    while (!reader.atEnd()) {
      const tag = reader.readTag(TIME_SERIES);
      switch (tag) {
        case (1 << 3) | WIRE_BYTES:
          if (labels.length === 0) reader.prefetchText(tag);
          this.#labels.readInto(labels, 'TimeSeries.labels');
          break;
        case (2 << 3) | WIRE_BYTES:
          this.#readSample();
          break;
        case (3 << 3) | WIRE_BYTES:
          if (exemplars === NO_EXEMPLARS) exemplars = [];
          exemplars.push(this.#exemplarReader.read());
          break;
        case (4 << 3) | WIRE_BYTES:
          assertWithin(this.#limits.maxHistograms, 'maxHistograms', ++this.#histogramCount, 'TimeSeries.histograms', reader.position);
          if (histograms === NO_HISTOGRAMS) histograms = [];
          histograms.push(this.#histogramReader.read('TimeSeries.histograms'));
          break;
        default:
          reader.skip(tag, TIME_SERIES);
      }
    }
    reader.leave(outerEnd);
    this.#series.push({ labels, firstSample, endSample: this.#columns.count, exemplars, histograms });
  }

  /** Series read so far. */
  get count(): number {
    return this.#series.length;
  }

  /** All series read; none may be read afterwards. */
  finish(): TimeSeries[] {
    const columns = this.#columns;
    return this.#series.map(({ labels, firstSample, endSample, exemplars, histograms }) => ({
      labels,
      samples: columns.slice(firstSample, endSample),
      exemplars,
      histograms,
    }));
  }

  #readSample(): void {
    const sample = this.#sampleReader;
    sample.read(this.#columns.count + 1);
    this.#columns.push(sample.timestampLow, sample.timestampHigh, sample.valueLow, sample.valueHigh);
  }
}

export function writeTimeSeries(writer: ProtobufWriter, field: number, series: TimeSeries): void {
  lastStepOf(writeTimeSeriesInSteps(writer, field, series, new StepPace(Infinity)));
}

/** The same in steps of a bounded number of samples and buckets. */
export function* writeTimeSeriesInSteps(
  writer: ProtobufWriter,
  field: number,
  series: TimeSeries,
  pace: StepPace,
): Generator<void, void, void> {
  const start = writer.begin(field);
  writeLabels(writer, 1, series.labels);
  const count = series.samples.timestampsMs.length;
  for (let from = 0; from < count;) {
    const to = Math.min(count, from + pace.left);
    writer.samples(2, series.samples, from, to);
    if (pace.isDue(to - from)) yield;
    from = to;
  }
  for (const exemplar of series.exemplars) writeExemplar(writer, exemplar);
  for (const histogram of series.histograms) {
    writeHistogram(writer, 4, histogram);
    if (pace.isDue(samplesOfHistogram(histogram))) yield;
  }
  writer.end(start);
}
