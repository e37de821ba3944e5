import type { Exemplar } from '@timestream-prometheus/prom-codec';
import { EXEMPLAR_COLUMN } from '../model/layout.js';
import { MAX_RECORD_BYTES, MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS, NANOSECONDS_PER_MILLISECOND } from '../model/limits.js';
import { contentHash } from '../text/content-hash.js';
import { encodeExemplarText } from '../text/exemplar-text.js';
import { quotedText } from '../text/series-text.js';
import { utf8ByteLength } from '../text/text-codec.js';
import type { DroppedSamples } from './drop-reason.js';
import { createDropTally } from './drop-tally.js';
import type { CachedSeries } from './series-cache.js';
import type { SeriesColumns } from './series-columns.js';
import { tooLargeProblem } from './series-labels.js';
import type { StoredSeries } from './stored-series.js';
import { describeRange, type TranslateColumnsOptions } from './translate-columns.js';

/** Characters of all names and values of an exemplar's labels together (`model/exemplar`, ExemplarMaxLabelSetLength). */
export const MAX_EXEMPLAR_CHARACTERS = 128;

export interface StoredExemplar {
  /** Of the label sets that were given. */
  readonly seriesIndex: number;
  readonly exemplar: Exemplar;
  readonly series: StoredSeries;
  readonly timestampMs: number;
  /** Where in the millisecond it stands: by its content, so that others of the same time have room, and the same one comes to the same place. */
  readonly nanoseconds: number;
  /** What `prometheus_exemplar` holds. */
  readonly text: string;
}

/** The outcome for every exemplar: `stored.length + identicalCount + (sum of dropped counts)` of them came. */
export interface ExemplarTranslation {
  readonly stored: readonly StoredExemplar[];
  readonly dropped: readonly DroppedSamples[];
  /** Exemplars that repeat another one bit for bit; they are stored by storing that one. */
  readonly identicalCount: number;
}

export interface TranslateExemplarsOptions extends TranslateColumnsOptions {
  /** False: the operator wants none of them. */
  readonly isWanted: boolean;
}

/** Translates the exemplars of one remote-write request to records. Never throws because of its input. */
export function translateExemplars(
  { labelSets, exemplars }: Pick<SeriesColumns, 'labelSets' | 'exemplars'>,
  { layout, series: cache, dimensionBudget, isWanted }: TranslateExemplarsOptions,
): ExemplarTranslation {
  const drops = createDropTally();
  const stored: StoredExemplar[] = [];
  const textByTime = new Map<CachedSeries, Map<string, string>>();
  let identicalCount = 0;
  cache.startRequest();
  for (const { seriesIndex, exemplar } of exemplars) {
    const labelSet = labelSets[seriesIndex];
    if (labelSet === undefined) continue;
    const { labels } = labelSet;
    if (!isWanted || layout === 'single-measure') {
      const why = isWanted ? 'the table layout is single-measure, which has no place for an exemplar' : 'exemplars=drop';
      drops.add('exemplar', 1, labels, why);
      continue;
    }
    const series = cache.seriesOf(labelSet);
    if ('reason' in series) {
      drops.add(series.reason, 1, labels, series.problem);
      continue;
    }
    const timestampMs = Number(exemplar.timestampMs);
    if (!(timestampMs >= MIN_TIMESTAMP_MS && timestampMs <= MAX_TIMESTAMP_MS)) {
      drops.add('timestamp-out-of-range', 1, labels, () => `exemplar: ${describeRange(timestampMs)}`);
      continue;
    }
    const fault = findExemplarFault(exemplar);
    if (fault !== null) {
      drops.add(fault.reason, 1, labels, `exemplar at ${timestampMs} ms: ${fault.problem}`);
      continue;
    }
    const text = encodeExemplarText(exemplar);
    const nanoseconds = contentHash(text) % NANOSECONDS_PER_MILLISECOND;
    const place = `${timestampMs} ${nanoseconds}`;
    const texts = textByTime.get(series) ?? new Map<string, string>();
    textByTime.set(series, texts);
    const known = texts.get(place);
    if (known === text) {
      identicalCount += 1;
      continue;
    }
    if (known !== undefined) {
      drops.add(
        'conflicting-sample',
        1,
        labels,
        `exemplar at ${timestampMs} ms: another one of the request has its place in the millisecond`,
      );
      continue;
    }
    const storedSeries = series.exemplarsStoredIn(dimensionBudget, cache.interned);
    const bytes = storedSeries.baseBytes + EXEMPLAR_COLUMN.length + utf8ByteLength(text);
    if (bytes > MAX_RECORD_BYTES) {
      drops.add('record-too-large', 1, labels, `exemplar at ${timestampMs} ms: ${tooLargeProblem(bytes)}`);
      continue;
    }
    texts.set(place, text);
    stored.push({ seriesIndex, exemplar, series: storedSeries, timestampMs, nanoseconds, text });
  }
  return { stored, dropped: drops.list(), identicalCount };
}

interface ExemplarFault {
  readonly reason: 'exemplar-too-long' | 'empty-label-name' | 'duplicate-label-name';
  readonly problem: string;
}

function findExemplarFault({ labels }: Exemplar): ExemplarFault | null {
  let characters = 0;
  const names = new Set<string>();
  for (const { name, value } of labels) {
    if (value === '') continue;
    if (name === '') return { reason: 'empty-label-name', problem: `a label without a name has the value ${quotedText(value)}` };
    if (names.has(name)) return { reason: 'duplicate-label-name', problem: `label ${quotedText(name)} occurs more than once` };
    names.add(name);
    characters += characterCount(name) + characterCount(value);
  }
  if (characters <= MAX_EXEMPLAR_CHARACTERS) return null;
  return {
    reason: 'exemplar-too-long',
    problem: `its labels have ${characters} characters, the limit is ${MAX_EXEMPLAR_CHARACTERS}`,
  };
}

/** Code points, of which a pair of surrogates is one. */
function characterCount(text: string): number {
  let count = text.length;
  for (let index = 1; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xdc00 && unit <= 0xdfff) count -= 1;
  }
  return count;
}
