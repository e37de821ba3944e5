import { ColumnBuffer, int64Number } from './column-buffer.js';
import { HistogramReader } from './histogram.js';
import { type LabelSet, LabelSetCache } from './label-set-cache.js';
import { assertWithin, DEFAULT_WRITE_REQUEST_V2_LIMITS, type WriteRequestV2Limits } from './limits.js';
import { METRIC_TYPES } from './metric-types.js';
import type { Exemplar, Histogram, Label, MetricMetadata } from './model.js';
import { CodecError } from './codec-error.js';
import { type MessageShape, ProtobufReader, WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from './protobuf-reader.js';
import { SampleReader } from './sample-reader.js';
import { SymbolTable } from './symbol-table.js';
import type { MalformedSeries, MalformedSeriesReason, WriteColumns } from './write-columns.js';

/** `prompb/io/prometheus/write/v2/types.proto`. Fields 1 to 3 of a Request are those of remote write 1.0. */
const REQUEST: MessageShape = { name: 'Request', fields: { 4: 'symbols', 5: 'timeseries' } };
const TIME_SERIES: MessageShape = {
  name: 'TimeSeries',
  fields: { 1: 'labels_refs', 2: 'samples', 3: 'histograms', 4: 'exemplars', 5: 'metadata' },
};
const EXEMPLAR: MessageShape = { name: 'Exemplar', fields: { 1: 'labels_refs', 2: 'value', 3: 'timestamp' } };
const METADATA: MessageShape = { name: 'Metadata', fields: { 1: 'type', 3: 'help_ref', 4: 'unit_ref' } };

const METRIC_NAME_LABEL = '__name__';

const OWN_CACHE_BYTES = 64 * 1024 * 1024;
const BYTES_PER_SAMPLE = 32;
const NO_LABELS: LabelSet = { labels: [], byteLength: 0 };

export interface DecodeWriteColumnsV2Options {
  /** Label sets of earlier requests, of either version. Without it, each call interns for itself. */
  readonly labelSets?: LabelSetCache;
  /** Limits left out have their default. */
  readonly limits?: Partial<WriteRequestV2Limits>;
}

/**
 * Decode an `io.prometheus.write.v2.Request` (remote write 2.0) to the same columns as version 1.0. A series whose references are wrong stands
 * in `malformedSeries`, and nothing of it in the columns; the rest of the request is good.
 *
 * @throws CodecError `truncated`, `malformed` (a message of remote write 1.0 included), or `too-large` if a limit is exceeded
 */
export function decodeWriteColumnsV2(bytes: Uint8Array, options: DecodeWriteColumnsV2Options = {}): WriteColumns {
  const labelSets = options.labelSets ?? new LabelSetCache({ maxBytes: OWN_CACHE_BYTES });
  return new WriteColumnsV2Decoder(bytes, labelSets, { ...DEFAULT_WRITE_REQUEST_V2_LIMITS, ...options.limits }).decode();
}

/** What is wrong with the series at hand, if anything. */
interface Fault {
  readonly reason: MalformedSeriesReason;
  readonly text: string;
}

class WriteColumnsV2Decoder {
  readonly #view: DataView;
  readonly #reader: ProtobufReader;
  readonly #limits: WriteRequestV2Limits;
  readonly #symbols: SymbolTable;
  readonly #histogramReader: HistogramReader;
  readonly #sampleReader: SampleReader;
  readonly #samples: ColumnBuffer;
  readonly #startTimestamps = new Map<number, number>();
  readonly #labelSets: LabelSet[] = [];
  readonly #sampleEnds: number[] = [];
  readonly #histograms: { readonly seriesIndex: number; readonly histogram: Histogram }[] = [];
  readonly #exemplars: { readonly seriesIndex: number; readonly exemplar: Exemplar }[] = [];
  readonly #malformedSeries: MalformedSeries[] = [];
  readonly #metadata = new Map<string, MetricMetadata>();
  #histogramCount = 0;
  #exemplarCount = 0;
  #labelCount = 0;
  /** References of the message at hand; `#refCount` of them count. */
  #refs = new Uint32Array(256);
  #refCount = 0;
  /** How many exemplars of the series at hand are bad, and what is wrong with the first of them. */
  #badExemplars = 0;
  #exemplarFault: Fault | undefined;
  /** Metadata of the series at hand; 0 where it has none. */
  #type = 0;
  #helpRef = 0;
  #unitRef = 0;
  /** The metadata that was noted last: series of one metric follow each other. */
  readonly #noted = { metricFamilyName: '', type: 0, helpRef: 0, unitRef: 0 };

  constructor(bytes: Uint8Array, labelSetCache: LabelSetCache, limits: WriteRequestV2Limits) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#reader = new ProtobufReader(bytes);
    this.#limits = limits;
    this.#symbols = new SymbolTable(bytes, labelSetCache, limits);
    this.#histogramReader = new HistogramReader(this.#reader, limits);
    this.#sampleReader = new SampleReader(this.#reader, limits, 'v2');
    this.#samples = new ColumnBuffer(Math.max(64, Math.ceil(bytes.length / BYTES_PER_SAMPLE)));
  }

  decode(): WriteColumns {
    for (const position of this.#readSymbols()) this.#readSeries(position);
    const columns = this.#samples.finish();
    return {
      labelSets: this.#labelSets,
      sampleEnds: Uint32Array.from(this.#sampleEnds),
      ...columns,
      ...(this.#startTimestamps.size === 0 ? {} : { startTimestampsMs: this.#startColumn(columns.values.length) }),
      histograms: this.#histograms,
      exemplars: this.#exemplars,
      metadata: [...this.#metadata.values()],
      malformedSeries: this.#malformedSeries,
    };
  }

  #startColumn(length: number): Float64Array {
    const column = new Float64Array(length);
    for (const [index, startTimestampMs] of this.#startTimestamps) column[index] = startTimestampMs;
    return column;
  }

  /** All symbols first: a message may have them after the series that refer to them. Gives where the series' lengths stand. */
  #readSymbols(): number[] {
    const reader = this.#reader;
    const positions: number[] = [];
    while (!reader.atEnd()) {
      if (this.#readPlainSymbol(reader.position)) continue;
      const tagStart = reader.position;
      const tag = reader.readTag(REQUEST);
      if (tag === ((5 << 3) | WIRE_BYTES)) {
        assertWithin(this.#limits.maxSeries, 'maxSeries', positions.length + 1, 'Request.timeseries', reader.position);
        positions.push(reader.position);
        const outerEnd = reader.enter('Request.timeseries');
        reader.skipBytes(reader.remaining(), 'Request.timeseries');
        reader.leave(outerEnd);
      } else if (tag === ((4 << 3) | WIRE_BYTES)) {
        assertWithin(this.#limits.maxSymbols, 'maxSymbols', this.#symbols.size + 1, 'Request.symbols', reader.position);
        const outerEnd = reader.enter('Request.symbols');
        this.#symbols.add(reader.position, reader.position + reader.remaining());
        reader.skipBytes(reader.remaining(), 'Request.symbols');
        reader.leave(outerEnd);
      } else if (tag >>> 3 <= 3) {
        throw new CodecError(
          'malformed',
          `Request: field ${tag >>> 3} is reserved; this is a message of remote write 1.0, or none at all`,
          tagStart,
        );
      } else reader.skip(tag, REQUEST);
    }
    return positions;
  }

  /** A symbol of less than 128 bytes, within all limits; false for anything else, with nothing read. */
  #readPlainSymbol(position: number): boolean {
    const view = this.#view;
    if (position + 2 > view.byteLength || view.getUint8(position) !== ((4 << 3) | WIRE_BYTES)) return false;
    const end = position + 2 + view.getUint8(position + 1);
    if (view.getUint8(position + 1) >= 0x80 || end > view.byteLength || this.#symbols.size >= this.#limits.maxSymbols) return false;
    this.#symbols.add(position + 2, end);
    this.#reader.seek(end);
    return true;
  }

  #readSeries(position: number): void {
    const seriesIndex = this.#labelSets.length;
    const firstSample = this.#samples.count;
    const firstHistogram = this.#histograms.length;
    const firstExemplar = this.#exemplars.length;
    this.#type = this.#helpRef = this.#unitRef = 0;
    this.#refCount = 0;
    this.#badExemplars = 0;
    if (!this.#readPlainFields(position)) {
      this.#takeBackSamples(firstSample);
      this.#type = this.#helpRef = this.#unitRef = 0;
      this.#refCount = 0;
      this.#readFields(position, seriesIndex);
    }

    const labelSet = this.#resolve('TimeSeries.labels_refs');
    let fault = 'reason' in labelSet ? labelSet : undefined;
    fault ??= this.#noteMetadata('reason' in labelSet ? NO_LABELS : labelSet);
    const badExemplars = this.#badExemplars;
    if (fault !== undefined) {
      this.#malformedSeries.push({
        seriesIndex,
        ...fault,
        samples: this.#samples.count - firstSample,
        histograms: this.#histograms.length - firstHistogram,
        exemplars: this.#exemplars.length - firstExemplar + badExemplars,
      });
      this.#takeBackSamples(firstSample);
      this.#histograms.length = firstHistogram;
      this.#exemplars.length = firstExemplar;
    } else if (badExemplars > 0 && this.#exemplarFault !== undefined) {
      this.#malformedSeries.push({ seriesIndex, ...this.#exemplarFault, samples: 0, histograms: 0, exemplars: badExemplars });
    }
    this.#labelSets.push('reason' in labelSet ? NO_LABELS : labelSet);
    this.#sampleEnds.push(this.#samples.count);
  }

  #takeBackSamples(firstSample: number): void {
    if (this.#startTimestamps.size > 0) {
      for (let index = firstSample; index < this.#samples.count; index++) this.#startTimestamps.delete(index);
    }
    this.#samples.truncate(firstSample);
  }

  /**
   * Reads a series of the form that every sender writes: references, packed, then samples and metadata, with nothing wrong. False for any
   * other, whose samples have to be taken back, and which {@link #readFields} reads from its start. The labels count only then.
   */
  #readPlainFields(start: number): boolean {
    const view = this.#view;
    const total = view.byteLength;
    let position = start;
    let length = view.getUint8(position++);
    for (let shift = 7; length >= 1 << shift; shift += 7) {
      if (shift > 21 || position >= total) return false;
      length = (length & ((1 << shift) - 1)) | (view.getUint8(position++) << shift);
    }
    const end = position + length;
    if (end > total || position + 2 > end || view.getUint8(position) !== ((1 << 3) | WIRE_BYTES)) return false;
    let refsLength = view.getUint8(position + 1);
    position += 2;
    if (refsLength >= 0x80) {
      const second = view.getUint8(position++);
      if (second >= 0x80) return false;
      refsLength = (refsLength & 0x7f) | (second << 7);
    }
    const refsEnd = position + refsLength;
    if (refsEnd > end) return false;
    const refs = this.#refs;
    let count = 0;
    while (position < refsEnd) {
      let ref = view.getUint8(position++);
      for (let shift = 7; ref >= 1 << shift; shift += 7) {
        if (shift > 21 || position >= refsEnd) return false;
        ref = (ref & ((1 << shift) - 1)) | (view.getUint8(position++) << shift);
      }
      if (count === refs.length) return false;
      refs[count++] = ref;
    }
    const labelCount = (count + 1) >> 1;
    const { maxLabelsPerSeries, maxLabels } = this.#limits;
    if (labelCount > maxLabelsPerSeries || this.#labelCount + labelCount > maxLabels) return false;

    while (position < end) {
      const tag = view.getUint8(position++);
      if (position >= end) return false;
      const fieldEnd = position + 1 + view.getUint8(position);
      // A length of more than one byte is above 127, and so goes past the end of what is plain.
      if (view.getUint8(position++) >= 0x80 || fieldEnd > end) return false;
      if (tag === ((2 << 3) | WIRE_BYTES)) {
        if (!this.#readPlainSample(position, fieldEnd)) return false;
      } else if (tag !== ((5 << 3) | WIRE_BYTES) || !this.#readPlainMetadata(position, fieldEnd)) return false;
      position = fieldEnd;
    }
    this.#labelCount += labelCount;
    this.#refCount = count;
    this.#reader.seek(end);
    return true;
  }

  #readPlainSample(start: number, end: number): boolean {
    if (this.#samples.count >= this.#limits.maxSamples) return false;
    const view = this.#view;
    let position = start;
    let valueLow = 0;
    let valueHigh = 0;
    let timestampMs = 0;
    let startTimestampMs = 0;
    while (position < end) {
      const tag = view.getUint8(position++);
      if (tag === ((1 << 3) | WIRE_FIXED64)) {
        if (position + 8 > end) return false;
        valueLow = view.getUint32(position, true);
        valueHigh = view.getUint32(position + 4, true);
        position += 8;
      } else if (tag === ((2 << 3) | WIRE_VARINT) || tag === ((3 << 3) | WIRE_VARINT)) {
        // Up to 7 groups of 7 bits, which a number holds exactly; a time of today takes 6.
        let timeMs = 0;
        let scale = 1;
        let byte = 0x80;
        while (byte >= 0x80) {
          if (position >= end || scale > 2 ** 42) return false;
          byte = view.getUint8(position++);
          timeMs += (byte & 0x7f) * scale;
          scale *= 128;
        }
        if (tag === ((2 << 3) | WIRE_VARINT)) timestampMs = timeMs;
        else startTimestampMs = timeMs;
      } else return false;
    }
    if (startTimestampMs !== 0) this.#startTimestamps.set(this.#samples.count, startTimestampMs);
    this.#samples.push(timestampMs, valueLow, valueHigh);
    return true;
  }

  #readPlainMetadata(start: number, end: number): boolean {
    const view = this.#view;
    let position = start;
    while (position < end) {
      const tag = view.getUint8(position++);
      let value = 0;
      let shift = 0;
      let byte = 0x80;
      while (byte >= 0x80) {
        if (position >= end || shift > 21) return false;
        byte = view.getUint8(position++);
        value |= (byte & 0x7f) << shift;
        shift += 7;
      }
      if (tag === ((1 << 3) | WIRE_VARINT)) this.#type = value;
      else if (tag === ((3 << 3) | WIRE_VARINT)) this.#helpRef = value;
      else if (tag === ((4 << 3) | WIRE_VARINT)) this.#unitRef = value;
      else return false;
    }
    return true;
  }

  /** Reads a series of any form. */
  #readFields(position: number, seriesIndex: number): void {
    const reader = this.#reader;
    // Set once an exemplar, which needs the place for its own references, stands among the fields.
    let seriesRefs: Uint32Array | undefined;
    reader.seek(position);
    const outerEnd = reader.enter('Request.timeseries');
    while (!reader.atEnd()) {
      const tag = reader.readTag(TIME_SERIES);
      switch (tag) {
        case (1 << 3) | WIRE_BYTES:
        case (1 << 3) | WIRE_VARINT:
          this.#readRefs(tag, 'TimeSeries.labels_refs');
          break;
        case (2 << 3) | WIRE_BYTES:
          this.#readSample();
          break;
        case (3 << 3) | WIRE_BYTES:
          assertWithin(this.#limits.maxHistograms, 'maxHistograms', ++this.#histogramCount, 'TimeSeries.histograms', reader.position);
          this.#histograms.push({ seriesIndex, histogram: this.#histogramReader.read('TimeSeries.histograms') });
          break;
        case (4 << 3) | WIRE_BYTES: {
          seriesRefs = this.#takeRefs(seriesRefs);
          const exemplar = this.#readExemplar();
          if ('reason' in exemplar) {
            if (this.#badExemplars++ === 0) this.#exemplarFault = exemplar;
          } else this.#exemplars.push({ seriesIndex, exemplar });
          break;
        }
        case (5 << 3) | WIRE_BYTES:
          this.#readMetadata();
          break;
        default:
          reader.skip(tag, TIME_SERIES);
      }
    }
    reader.leave(outerEnd);
    if (seriesRefs !== undefined) this.#restoreRefs(seriesRefs);
  }

  #readMetadata(): void {
    const reader = this.#reader;
    const outerEnd = reader.enter('TimeSeries.metadata');
    while (!reader.atEnd()) {
      const tag = reader.readTag(METADATA);
      if (tag === ((1 << 3) | WIRE_VARINT)) this.#type = reader.readInt32('Metadata.type');
      else if (tag === ((3 << 3) | WIRE_VARINT)) this.#helpRef = reader.readUint32('Metadata.help_ref');
      else if (tag === ((4 << 3) | WIRE_VARINT)) this.#unitRef = reader.readUint32('Metadata.unit_ref');
      else reader.skip(tag, METADATA);
    }
    reader.leave(outerEnd);
  }

  /** References read so far, out of the way of those of an exemplar. */
  #takeRefs(earlier: Uint32Array | undefined): Uint32Array {
    const refs = earlier === undefined ? [] : [...earlier];
    refs.push(...this.#refs.subarray(0, this.#refCount));
    this.#refCount = 0;
    return Uint32Array.from(refs);
  }

  #restoreRefs(earlier: Uint32Array): void {
    const refs = this.#takeRefs(earlier);
    if (refs.length > this.#refs.length) this.#refs = new Uint32Array(refs.length);
    this.#refs.set(refs);
    this.#refCount = refs.length;
  }

  /** A repeated scalar comes packed or one field per element; a decoder takes both, even mixed. */
  #readRefs(tag: number, field: string): void {
    const reader = this.#reader;
    if ((tag & 7) !== WIRE_BYTES) {
      this.#pushRef(reader.readUint32(field), field);
      return;
    }
    const outerEnd = reader.enter(field);
    while (!reader.atEnd()) this.#pushRef(reader.readUint32(field), field);
    reader.leave(outerEnd);
  }

  #pushRef(ref: number, field: string): void {
    const index = this.#refCount++;
    // Counted by pairs, at each name.
    if ((index & 1) === 0) {
      assertWithin(this.#limits.maxLabelsPerSeries, 'maxLabelsPerSeries', index / 2 + 1, field, this.#reader.position);
      assertWithin(this.#limits.maxLabels, 'maxLabels', ++this.#labelCount, field, this.#reader.position);
    }
    if (index === this.#refs.length) {
      const grown = new Uint32Array(index * 2);
      grown.set(this.#refs);
      this.#refs = grown;
    }
    this.#refs[index] = ref;
  }

  /** The labels of the references at hand. */
  #resolve(field: string): LabelSet | Fault {
    const count = this.#refCount;
    if (count % 2 !== 0) return { reason: 'label-references', text: `${field}: ${count} references are no pairs of name and value` };
    const outside = this.#symbols.findOutside(this.#refs, count);
    if (outside !== undefined) return outsideSymbols('label-references', field, outside, this.#symbols.size);
    const labelSet = this.#symbols.labelSetOf(this.#refs, count, this.#reader.position);
    return labelSet ?? { reason: 'label-text', text: `${field}: a symbol is not well-formed UTF-8` };
  }

  #readSample(): void {
    const sample = this.#sampleReader;
    sample.read(this.#samples.count + 1);
    const startTimestampMs = int64Number(sample.startTimestampLow, sample.startTimestampHigh);
    if (startTimestampMs !== 0) this.#startTimestamps.set(this.#samples.count, startTimestampMs);
    this.#samples.push(int64Number(sample.timestampLow, sample.timestampHigh), sample.valueLow, sample.valueHigh);
  }

  #readExemplar(): Exemplar | Fault {
    const reader = this.#reader;
    assertWithin(this.#limits.maxExemplars, 'maxExemplars', ++this.#exemplarCount, 'TimeSeries.exemplars', reader.position);
    const outerEnd = reader.enter('TimeSeries.exemplars');
    let valueBits = 0n;
    let timestampMs = 0n;
    while (!reader.atEnd()) {
      const tag = reader.readTag(EXEMPLAR);
      if (tag === ((1 << 3) | WIRE_BYTES) || tag === ((1 << 3) | WIRE_VARINT)) this.#readRefs(tag, 'Exemplar.labels_refs');
      else if (tag === ((2 << 3) | WIRE_FIXED64)) valueBits = reader.readFixed64Bits('Exemplar.value');
      else if (tag === ((3 << 3) | WIRE_VARINT)) timestampMs = reader.readInt64('Exemplar.timestamp');
      else reader.skip(tag, EXEMPLAR);
    }
    reader.leave(outerEnd);
    const resolved = this.#resolve('Exemplar.labels_refs');
    this.#refCount = 0;
    if ('reason' in resolved) return { ...resolved, reason: 'exemplar-references' };
    return { labels: resolved.labels, valueBits, timestampMs };
  }

  /** Metadata stands at every series; it is kept once for each metric name, the last one counts. */
  #noteMetadata(labelSet: LabelSet): Fault | undefined {
    const type = this.#type;
    const helpRef = this.#helpRef;
    const unitRef = this.#unitRef;
    if (type === 0 && helpRef === 0 && unitRef === 0) return undefined;
    const symbols = this.#symbols;
    if (helpRef >= symbols.size) return outsideSymbols('metadata-references', 'Metadata.help_ref', helpRef, symbols.size);
    if (unitRef >= symbols.size) return outsideSymbols('metadata-references', 'Metadata.unit_ref', unitRef, symbols.size);
    const metricFamilyName = labelSet.labels.find(({ name }: Label) => name === METRIC_NAME_LABEL)?.value ?? '';
    const noted = this.#noted;
    if (metricFamilyName === '') return undefined;
    if (noted.metricFamilyName === metricFamilyName && noted.type === type && noted.helpRef === helpRef && noted.unitRef === unitRef) {
      return undefined;
    }
    const help = symbols.textOf(helpRef);
    const unit = symbols.textOf(unitRef);
    if (help === undefined || unit === undefined) {
      return { reason: 'metadata-references', text: 'Metadata.help_ref or unit_ref: the symbol is not well-formed UTF-8' };
    }
    Object.assign(noted, { metricFamilyName, type, helpRef, unitRef });
    const known = this.#metadata.get(metricFamilyName);
    const metricType = METRIC_TYPES[type] ?? 'unknown';
    if (known?.type === metricType && known.help === help && known.unit === unit) return undefined;
    this.#metadata.set(metricFamilyName, { type: metricType, metricFamilyName, help, unit });
    return undefined;
  }
}

function outsideSymbols(reason: MalformedSeriesReason, field: string, ref: number, count: number): Fault {
  return { reason, text: `${field}: ${ref} is outside of the symbols, of which there are ${count}` };
}
