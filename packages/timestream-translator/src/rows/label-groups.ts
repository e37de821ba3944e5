import type { Label } from '@timestream-prometheus/prom-codec';
import type { Matcher } from '../matcher/matcher.js';
import { METRIC_NAME_LABEL } from '../model/layout.js';
import type { QueryPage } from '../model/record.js';
import type { LabelGroupsLayout } from '../sql/compile-label-groups.js';
import { ReadLimitError } from './read-limit-error.js';
import { RowFormatError } from './row-format-error.js';
import { labelsOfRow } from './row-labels.js';
import { matchLabels } from './series-index.js';

export interface LabelGroupsReaderOptions {
  /** As `compileLabelGroups` returned it. */
  readonly layout: LabelGroupsLayout;
  /** All of them are applied to every row: the last word. */
  readonly matchers: readonly Matcher[];
  /** Different texts that may be found. There are never more of them than series. */
  readonly maxSeries: number;
}

/** Reads the answer to `compileLabelGroups`, page by page. */
export interface LabelGroupsReader {
  /**
   * @throws ReadLimitError if more is found than may be
   * @throws RowFormatError if the page is not what was asked for
   */
  addPage(page: QueryPage): void;
  /** Each once, in no order. */
  finish(): ReadonlySet<string>;
}

/** The names of the labels that series have. The layout must come with presence. */
export function createLabelNamesReader(options: LabelGroupsReaderOptions): LabelGroupsReader {
  const { presenceColumns } = options.layout;
  return createReader(options, ({ labels, counts: [all = 0, ...counts] }, add) => {
    add(METRIC_NAME_LABEL);
    const isNullSomewhere = new Map<string, boolean>();
    for (const [index, name] of presenceColumns.entries()) {
      const present = counts[2 * index] ?? 0;
      isNullSomewhere.set(name, present < all);
      if (present > (counts[2 * index + 1] ?? 0)) add(name);
    }
    // A label that has a column, too, is taken from `prometheus_labels` only in the rows where the column is NULL.
    for (const { name } of labels) if (isNullSomewhere.get(name) !== false) add(name);
  });
}

/** The values that the label has. It must be one of those that the layout was made for. */
export function createLabelValuesReader(label: string, options: LabelGroupsReaderOptions): LabelGroupsReader {
  return createReader(options, ({ labels }, add) => {
    const value = labels.find(({ name }) => name === label)?.value;
    if (value !== undefined) add(value);
  });
}

interface LabelGroup {
  readonly labels: readonly Label[];
  /** Of all rows, then two for each presence column. */
  readonly counts: readonly number[];
}

function createReader(
  { layout, matchers, maxSeries }: LabelGroupsReaderOptions,
  take: (group: LabelGroup, add: (text: string) => void) => void,
): LabelGroupsReader {
  const { dimensionColumns, hasMeasureName, presenceColumns } = layout;
  const found = new Set<string>();
  const columnCount = dimensionColumns.length + (hasMeasureName ? 1 : 0) + 1 + 2 * presenceColumns.length;

  function add(text: string): void {
    found.add(text);
    if (found.size > maxSeries) throw new ReadLimitError('too-many-series', maxSeries);
  }

  return {
    addPage({ Rows }) {
      for (const { Data } of Rows) {
        const texts = (Data ?? []).map(({ ScalarValue }) => ScalarValue ?? null);
        const rest = texts.slice(dimensionColumns.length);
        const measureName = hasMeasureName ? rest.shift() : '';
        if (measureName == null || texts.length !== columnCount || !rest.every((text) => text !== null && /^\d{1,15}$/.test(text))) {
          throw new RowFormatError('Timestream answered a question for labels without name or counts');
        }
        const counts = rest.map(Number);
        // Without a column to group by, there is a row even if nothing was counted.
        if (counts[0] === 0) continue;
        const labels = labelsOfRow(
          dimensionColumns.map((name, index) => [name, texts[index] ?? null] as const),
          measureName,
        );
        if (matchLabels(matchers, labels)) take({ labels, counts }, add);
      }
    },
    finish: () => found,
  };
}
