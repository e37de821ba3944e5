import type { Matcher, QueryPage } from '@timestream-prometheus/timestream-translator';

/**
 * Repeated characters of expressions times characters of text that one turn of the event loop may match: what takes about a tenth of a second. A single row may
 * take as much as the translator takes for one series (`MAX_WORK_OF_ONE_MATCH`); it is a turn of its own then.
 */
const MAX_WORK_PER_TURN = 1_000_000;

/** A page in parts that are matched in a turn each. Expressions without many repetitions leave it whole. */
export function* matchingSlices(page: QueryPage, matchers: readonly Pick<Matcher, 'costPerCharacter'>[]): Generator<QueryPage, void> {
  const cost = matchers.reduce((sum, { costPerCharacter }) => sum + costPerCharacter, 0);
  let start = 0;
  let work = 0;
  for (let end = 0; cost > 0 && end < page.Rows.length; end += 1) {
    const rowWork = cost * lengthOf(page.Rows[end]?.Data ?? []);
    if (end > start && work + rowWork > MAX_WORK_PER_TURN) {
      yield { ...page, Rows: page.Rows.slice(start, end), isLast: false };
      start = end;
      work = 0;
    }
    work += rowWork;
  }
  yield start === 0 ? page : { ...page, Rows: page.Rows.slice(start) };
}

function lengthOf(row: readonly { readonly ScalarValue?: string | undefined }[]): number {
  return row.reduce((length, { ScalarValue }) => length + (ScalarValue?.length ?? 0), 0);
}
