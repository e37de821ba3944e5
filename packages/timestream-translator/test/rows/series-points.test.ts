import { describe, expect, it } from 'vitest';
import { SAMPLES_PER_HISTOGRAM } from '../../src/rows/histogram-points.js';
import { SeriesPoints } from '../../src/rows/series-points.js';
import { cutIntoParts } from '../../src/text/text-parts.js';
import { encodeHistogramText } from '../../src/text/histogram-text.js';
import { histogramWith } from '../support/histograms.js';

const at = (timestampMs: number, count = 9n) =>
  histogramWith({ timestampMs: BigInt(timestampMs), count: { kind: 'int', value: count }, sumBits: 0x7ff8000000000001n });
const textAt = (timestampMs: number, count?: bigint) => encodeHistogramText(at(timestampMs, count));

describe('SeriesPoints', () => {
  it('gives samples and histograms of each series in order of time', () => {
    const points = new SeriesPoints();
    points.addHistogram(1, 30, 1, textAt(30));
    points.addFloat(0, 20, 1, 2);
    points.addHistogram(1, 10, 1, textAt(10));
    points.addBits(1, 20, 1, 7n);
    expect(points.finish(2).map(({ samples, histograms }) => [[...samples.timestampsMs], histograms])).toEqual([
      [[20n], []],
      [[20n], [at(10), at(30)]],
    ]);
    expect(points.weight).toBe(2 + 2 * SAMPLES_PER_HISTOGRAM);
  });

  it('lets the float sample count at equal times, then the later histogram, then the one whose text is greater', () => {
    const points = new SeriesPoints();
    points.addFloat(0, 10, 1, 2);
    points.addHistogram(0, 10, 5, textAt(10));
    points.addHistogram(0, 20, 3, textAt(20, 10n));
    points.addHistogram(0, 20, 1, textAt(20, 11n));
    points.addHistogram(0, 30, 1, textAt(30, 12n));
    points.addHistogram(0, 30, 1, textAt(30, 11n));
    expect(points.finish(1)[0]?.histograms).toEqual([at(20, 10n), at(30, 12n)]);
  });

  it('leaves out texts that are no histogram, those that are no valid one, and parts without the others', () => {
    const points = new SeriesPoints();
    points.addHistogram(0, 10, 1, 'by hand');
    points.addHistogram(0, 20, 1, textAt(20, 1n));
    points.addHistogram(0, 30, 1, textAt(30));
    points.addHistogram(0, 30, 3, 'by hand');
    points.addHistogram(0, 40, 1, '');
    const [first = ''] = cutIntoParts(textAt(50), 40) ?? [];
    points.addHistogram(0, 50, 1, first);
    expect(points.finish(1)[0]?.histograms).toEqual([at(30)]);
  });

  it('puts a histogram together from its parts, though others lie between them', () => {
    const points = new SeriesPoints();
    const texts = cutIntoParts(textAt(10, 123n), 45) ?? [];
    const others = cutIntoParts(textAt(10, 456n), 45) ?? [];
    expect(texts.length).toBeGreaterThan(1);
    texts.forEach((text, part) => points.addHistogram(0, 10, 1 + 2 * part, text));
    // The first record of the other one was refused, for the time was taken.
    others.slice(1).forEach((text, part) => points.addHistogram(0, 10, 3 + 2 * part, text));
    expect(points.finish(1)[0]?.histograms).toEqual([at(10, 123n)]);
  });
});
