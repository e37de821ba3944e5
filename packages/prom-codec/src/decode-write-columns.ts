import { ColumnBuffer, int64Number } from './column-buffer.js';
import { ExemplarReader } from './exemplar.js';
import { HistogramReader } from './histogram.js';
import { LabelReader, writeLabels } from './label.js';
import { type LabelSet, LabelSetCache } from './label-set-cache.js';
import { assertWithin, DEFAULT_WRITE_REQUEST_LIMITS, type WriteRequestLimits } from './limits.js';
import type { Exemplar, Histogram, Label, MetricMetadata } from './model.js';
import { ProtobufReader, WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from './protobuf-reader.js';
import { ProtobufWriter } from './protobuf-writer.js';
import { SampleReader } from './sample-reader.js';
import { TIME_SERIES } from './time-series.js';
import type { WriteColumns } from './write-columns.js';
import { readMetadata, WRITE_REQUEST } from './write-request.js';

export interface DecodeWriteColumnsOptions {
  /** Label sets of earlier requests. Without it, each call interns for itself. */
  readonly labelSets?: LabelSetCache;
  /** Limits left out have their default. */
  readonly limits?: Partial<WriteRequestLimits>;
}

/** Label sets of one request, where the caller keeps none. */
const OWN_CACHE_BYTES = 64 * 1024 * 1024;

/**
 * A guess at the bytes of a sample with its series' labels, with which the columns begin. It errs to many samples: 16 bytes of column are
 * cheaper than growing.
 */
const BYTES_PER_SAMPLE = 64;

/**
 * Decode a `prometheus.WriteRequest` (remote write 1.0) to columns. What it takes and refuses, and the errors, are those of
 * `decodeWriteRequest`.
 *
 * @throws CodecError `truncated`, `malformed`, or `too-large` if a limit is exceeded
 */
export function decodeWriteColumns(bytes: Uint8Array, options: DecodeWriteColumnsOptions = {}): WriteColumns {
  const labelSets = options.labelSets ?? new LabelSetCache({ maxBytes: OWN_CACHE_BYTES });
  return new WriteColumnsDecoder(bytes, labelSets, { ...DEFAULT_WRITE_REQUEST_LIMITS, ...options.limits }).decode();
}

/** Where a series ended, or that it is not of the plain form. */
const NOT_PLAIN = -1;

/**
 * Reads a series in one of two ways. The plain form is what every sender writes: labels, then samples, with tags and lengths of one or two
 * bytes, and nothing wrong. Anything else (exemplars, histograms, a limit, a fault) is read again from its start by the same readers as the
 * object form's, so it has the same errors at the same places.
 */
class WriteColumnsDecoder {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #labelSetCache: LabelSetCache;
  readonly #limits: WriteRequestLimits;
  readonly #reader: ProtobufReader;
  readonly #labels: LabelReader;
  readonly #exemplarReader: ExemplarReader;
  readonly #histogramReader: HistogramReader;
  readonly #sampleReader: SampleReader;
  readonly #samples: ColumnBuffer;
  readonly #labelSets: LabelSet[] = [];
  /** Labels of the series being read; copied when their number is known, because an array that grows takes more room than it needs. */
  readonly #newLabels: Label[] = [];
  readonly #sampleEnds: number[] = [];
  readonly #histograms: { readonly seriesIndex: number; readonly histogram: Histogram }[] = [];
  readonly #exemplars: { readonly seriesIndex: number; readonly exemplar: Exemplar }[] = [];
  readonly #metadata: MetricMetadata[] = [];

  constructor(bytes: Uint8Array, labelSetCache: LabelSetCache, limits: WriteRequestLimits) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#labelSetCache = labelSetCache;
    this.#limits = limits;
    this.#reader = new ProtobufReader(bytes);
    this.#labels = new LabelReader(this.#reader, limits);
    this.#exemplarReader = new ExemplarReader(this.#reader, this.#labels, limits);
    this.#histogramReader = new HistogramReader(this.#reader, limits);
    this.#sampleReader = new SampleReader(this.#reader, limits);
    this.#samples = new ColumnBuffer(Math.max(64, Math.ceil(bytes.length / BYTES_PER_SAMPLE)));
  }

  decode(): WriteColumns {
    const reader = this.#reader;
    const view = this.#view;
    const { length } = this.#bytes;
    let position = 0;
    while (position < length) {
      if (view.getUint8(position) === ((1 << 3) | WIRE_BYTES)) {
        const end = this.#readPlainSeries(position + 1);
        if (end !== NOT_PLAIN) {
          position = end;
          continue;
        }
      }
      reader.seek(position);
      const tag = reader.readTag(WRITE_REQUEST);
      if (tag === ((1 << 3) | WIRE_BYTES)) this.#readSeries();
      else if (tag === ((3 << 3) | WIRE_BYTES)) {
        assertWithin(this.#limits.maxMetadata, 'maxMetadata', this.#metadata.length + 1, 'WriteRequest.metadata', reader.position);
        this.#metadata.push(readMetadata(reader));
      } else reader.skip(tag, WRITE_REQUEST);
      position = reader.position;
    }
    return {
      labelSets: this.#labelSets,
      sampleEnds: Uint32Array.from(this.#sampleEnds),
      ...this.#samples.finish(),
      histograms: this.#histograms,
      exemplars: this.#exemplars,
      metadata: this.#metadata,
      malformedSeries: [],
    };
  }

  /** The series whose length stands at `start`; where it ended, or NOT_PLAIN with nothing kept of it. */
  #readPlainSeries(start: number): number {
    const view = this.#view;
    const total = view.byteLength;
    if (this.#labelSets.length >= this.#limits.maxSeries || start >= total) return NOT_PLAIN;
    let length = view.getUint8(start);
    let position = start + 1;
    for (let shift = 7; length >= 1 << shift; shift += 7) {
      if (shift > 21 || position >= total) return NOT_PLAIN;
      length = (length & ((1 << shift) - 1)) | (view.getUint8(position++) << shift);
    }
    const end = position + length;
    if (end > total) return NOT_PLAIN;

    const labelsStart = position;
    let labelCount = 0;
    while (position < end && view.getUint8(position) === ((1 << 3) | WIRE_BYTES)) {
      if (position + 2 >= end) return NOT_PLAIN;
      let labelLength = view.getUint8(position + 1);
      position += 2;
      if (labelLength >= 0x80) {
        const second = view.getUint8(position++);
        if (second >= 0x80) return NOT_PLAIN;
        labelLength = (labelLength & 0x7f) | (second << 7);
      }
      position += labelLength;
      labelCount++;
    }
    if (position > end || labelCount > this.#limits.maxLabelsPerSeries || this.#labels.count + labelCount > this.#limits.maxLabels) {
      return NOT_PLAIN;
    }
    const labelsEnd = position;

    const firstSample = this.#samples.count;
    while (position < end) {
      position = view.getUint8(position) === ((2 << 3) | WIRE_BYTES) ? this.#readPlainSample(position + 1, end) : NOT_PLAIN;
      if (position === NOT_PLAIN) {
        this.#samples.truncate(firstSample);
        return NOT_PLAIN;
      }
    }

    const known = this.#labelSetCache.find(view, labelsStart, labelsEnd);
    if (known === undefined) this.#labelSets.push(this.#readNewLabels(labelsStart, labelsEnd));
    else {
      this.#labels.count += labelCount;
      this.#labelSets.push(known);
    }
    this.#sampleEnds.push(this.#samples.count);
    return end;
  }

  #readPlainSample(start: number, seriesEnd: number): number {
    const view = this.#view;
    if (start >= seriesEnd || this.#samples.count >= this.#limits.maxSamples) return NOT_PLAIN;
    const length = view.getUint8(start);
    let position = start + 1;
    const end = position + length;
    if (length >= 0x80 || end > seriesEnd) return NOT_PLAIN;
    let valueLow = 0;
    let valueHigh = 0;
    let timestampMs = 0;
    while (position < end) {
      const tag = view.getUint8(position++);
      if (tag === ((1 << 3) | WIRE_FIXED64)) {
        if (position + 8 > end) return NOT_PLAIN;
        valueLow = view.getUint32(position, true);
        valueHigh = view.getUint32(position + 4, true);
        position += 8;
      } else if (tag === ((2 << 3) | WIRE_VARINT)) {
        // Up to 7 groups of 7 bits, which a number holds exactly; a time of today takes 6.
        timestampMs = 0;
        let scale = 1;
        let byte = 0x80;
        while (byte >= 0x80) {
          if (position >= end || scale > 2 ** 42) return NOT_PLAIN;
          byte = view.getUint8(position++);
          timestampMs += (byte & 0x7f) * scale;
          scale *= 128;
        }
      } else return NOT_PLAIN;
    }
    this.#samples.push(timestampMs, valueLow, valueHigh);
    return end;
  }

  /** Labels that no request had before, or not lately. */
  #readNewLabels(start: number, end: number): LabelSet {
    const view = this.#view;
    const known = this.#labelSetCache.labels;
    const labels = this.#newLabels;
    let count = 0;
    for (let position = start; position < end;) {
      // Tag and length have been seen to be of one byte and one or two.
      const first = view.getUint8(position + 1);
      const contentStart = position + (first < 0x80 ? 2 : 3);
      const contentEnd = contentStart + (first < 0x80 ? first : (first & 0x7f) | (view.getUint8(position + 2) << 7));
      let label = known.find(view, contentStart, contentEnd);
      if (label === undefined) {
        this.#reader.seek(position + 1);
        label = this.#labels.read(count, 'TimeSeries.labels');
        known.set(view, contentStart, contentEnd, label);
      } else this.#labels.count++;
      labels[count++] = label;
      position = contentEnd;
    }
    return this.#labelSetCache.add(view, start, end, labels.slice(0, count));
  }

  /** The series at hand, of any form. */
  #readSeries(): void {
    const reader = this.#reader;
    const seriesIndex = this.#labelSets.length;
    assertWithin(this.#limits.maxSeries, 'maxSeries', seriesIndex + 1, 'WriteRequest.timeseries', reader.position);
    const outerEnd = reader.enter('WriteRequest.timeseries');
    const labels: Label[] = [];
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
          this.#exemplars.push({ seriesIndex, exemplar: this.#exemplarReader.read() });
          break;
        case (4 << 3) | WIRE_BYTES:
          assertWithin(this.#limits.maxHistograms, 'maxHistograms', this.#histograms.length + 1, 'TimeSeries.histograms', reader.position);
          this.#histograms.push({ seriesIndex, histogram: this.#histogramReader.read('TimeSeries.histograms') });
          break;
        default:
          reader.skip(tag, TIME_SERIES);
      }
    }
    reader.leave(outerEnd);
    this.#labelSets.push(this.#intern(labels));
    this.#sampleEnds.push(this.#samples.count);
  }

  /** By the bytes that senders write, so that a series has one label set whether an exemplar comes with it or not. */
  #intern(labels: readonly Label[]): LabelSet {
    const writer = new ProtobufWriter();
    writeLabels(writer, 1, labels);
    const canonical = writer.finish();
    const view = new DataView(canonical.buffer, canonical.byteOffset, canonical.byteLength);
    return this.#labelSetCache.find(view, 0, canonical.length) ?? this.#labelSetCache.add(view, 0, canonical.length, labels);
  }

  #readSample(): void {
    const sample = this.#sampleReader;
    sample.read(this.#samples.count + 1);
    this.#samples.push(int64Number(sample.timestampLow, sample.timestampHigh), sample.valueLow, sample.valueHigh);
  }
}
