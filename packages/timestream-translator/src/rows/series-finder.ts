import type { Row } from '../model/record.js';
import type { RowReader, SeriesTexts } from './row-reader.js';

interface KnownSeries {
  readonly texts: SeriesTexts;
  readonly seriesIndex: number | null;
  /** What came after it the last time. */
  next: KnownSeries | null;
}

/** Physical series that are kept before it starts over; most of a large number would be ones that the pre-filter let through by mistake. */
const MAX_KNOWN_SERIES = 100_000;

/**
 * Which series a row belongs to, null if to none. `identify` is asked once per physical series, not once per row.
 *
 * Rows come series by series or in rounds over all of them, so the series is guessed from the one before: comparing a dozen short texts is
 * several times faster than joining them to a key and looking that up.
 */
export function createSeriesFinder(reader: RowReader, identify: (row: Row) => number | null): (row: Row) => number | null {
  const knownByKey = new Map<string, KnownSeries>();
  let previous: KnownSeries | null = null;

  const lookUp = (row: Row): KnownSeries => {
    const key = reader.seriesKeyOf(row);
    const known = knownByKey.get(key);
    if (known !== undefined) return known;
    const created = { texts: reader.seriesTextsOf(row), seriesIndex: identify(row), next: null };
    if (knownByKey.size >= MAX_KNOWN_SERIES) knownByKey.clear();
    knownByKey.set(key, created);
    return created;
  };

  return (row) => {
    const guess = previous?.next;
    if (guess != null && reader.isSeriesOf(guess.texts, row)) previous = guess;
    else {
      const found = lookUp(row);
      if (previous !== null) previous.next = found;
      previous = found;
    }
    return previous.seriesIndex;
  };
}
