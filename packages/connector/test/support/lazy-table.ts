import type { QueryPage } from '@timestream-prometheus/timestream-translator';
import { ColumnNotFoundError } from '../../src/index.js';
import type { AnswerQuery } from './memory-storage.js';
import { tablePage } from './table-page.js';

type StatementKind = 'select' | 'list' | 'group' | 'probe';

export interface LazyTable {
  readonly answer: AnswerQuery;
  /** Every statement: what it is, and the ids it asks for, all if it names none. */
  readonly statements: {
    readonly kind: 'select' | 'list' | 'group' | 'probe';
    readonly ids: readonly string[];
    readonly signal: AbortSignal;
  }[];
  /** Rows handed out by statements that name series. */
  groupRowsOut: number;
  /** Called before each page of a statement that names series, with the count of such pages so far. */
  beforeGroupPage: (pageCount: number, signal: AbortSignal) => Promise<void> | void;
  onStatement: (kind: StatementKind) => void;
  /** Labels beside `id` that the pages show. */
  readonly moreColumns: string[];
}

const START_MS = 1_700_000_000_000;

export const LAZY_RANGE = { startTimestampMs: BigInt(START_MS), endTimestampMs: BigInt(START_MS + 10_000_000) };

/** Series of one metric, told apart by `id`, their rows made as they are asked for: what is handed out is counted, what is not costs nothing. */
export function createLazyTable(sampleCountById: Readonly<Record<string, number>>, rowsPerPage = 10): LazyTable {
  let pageCount = 0;
  function* pages(ids: readonly string[]): Generator<QueryPage> {
    let rows: Parameters<typeof tablePage>[1][number][] = [];
    // The last page is no special one: it may be empty.
    for (const id of ids) {
      for (let sample = 0; sample < (sampleCountById[id] ?? 0); sample += 1) {
        rows.push({ name: 'm', labels: { id }, timeMs: START_MS + sample, value: sample });
        if (rows.length < rowsPerPage) continue;
        yield tablePage(['id', ...table.moreColumns], rows);
        rows = [];
      }
    }
    yield tablePage(['id', ...table.moreColumns], rows);
  }

  async function* groupPages(ids: readonly string[], signal: AbortSignal): AsyncGenerator<QueryPage> {
    for (const page of pages(ids)) {
      pageCount += 1;
      await table.beforeGroupPage(pageCount, signal);
      table.groupRowsOut += page.Rows.length;
      yield page;
    }
  }

  const table: LazyTable = {
    statements: [],
    groupRowsOut: 0,
    beforeGroupPage: () => undefined,
    onStatement: () => undefined,
    moreColumns: [],
    answer(sql, signal) {
      const named = /"id" (?:= |IN \()([^)]*?)(?:\)|(?= AND )|$)/.exec(sql)?.[1];
      const ids = named === undefined ? Object.keys(sampleCountById) : Array.from(named.matchAll(/'([^']*)'/g), ([, id]) => id ?? '');
      const kind = sql.includes('GROUP BY')
        ? 'list'
        : sql.endsWith('from_milliseconds(0)')
          ? 'probe'
          : named === undefined
            ? 'select'
            : 'group';
      table.statements.push({ kind, ids, signal });
      table.onStatement(kind);
      for (const column of ['prometheus_labels', 'pod']) {
        if (new RegExp(`"${column}" (=|IS|LIKE)`).test(sql) && !table.moreColumns.includes(column)) {
          throw new ColumnNotFoundError(column, `line 1:76: Column '${column}' does not exist`);
        }
      }
      if (kind === 'list') return [listPage(sql, sampleCountById)];
      if (kind === 'probe') return [tablePage(['id', ...table.moreColumns], [])];
      return kind === 'group' ? groupPages(ids, signal) : pages(ids);
    },
  };
  return table;
}

/** The columns before the counts, as the statement names them. */
function listPage(sql: string, sampleCountById: Readonly<Record<string, number>>): QueryPage {
  const columns = Array.from((sql.split(' FROM ')[0] ?? '').matchAll(/"([^"]*)"/g), ([, name]) => name);
  const time = '2023-11-14 22:13:20.000000000';
  return {
    ColumnInfo: [],
    Rows: Object.entries(sampleCountById).map(([id, count]) => ({
      Data: [
        ...columns.map((name) => (name === 'id' ? id : name === 'measure_name' ? 'm' : undefined)),
        ...[String(count), time, time],
      ].map((text) => (text === undefined ? { NullValue: true } : { ScalarValue: text })),
    })),
  };
}
