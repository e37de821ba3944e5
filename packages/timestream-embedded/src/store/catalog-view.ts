import type { Catalog, CatalogTable } from '../sql/catalog.js';
import { oldestVisibleNs } from '../write/retention-window.js';
import { pointsRelation, seriesRelation, type TableState } from './table-state.js';

export interface CatalogViewOptions {
  readonly nowMs: number;
  /** Columns and records younger than this are left out, as when reads lag behind writes. 0: none. */
  readonly hiddenAgeMs: number;
}

/** The committed state as one query sees it. */
export class CatalogView implements Catalog {
  readonly #tablesByDatabase: ReadonlyMap<string, ReadonlyMap<string, TableState>>;
  readonly #options: CatalogViewOptions;
  readonly #views: string[] = [];

  constructor(tablesByDatabase: ReadonlyMap<string, ReadonlyMap<string, TableState>>, options: CatalogViewOptions) {
    this.#tablesByDatabase = tablesByDatabase;
    this.#options = options;
  }

  /** Statements that a connection must run before a query compiled with this catalogue. */
  get preparations(): readonly string[] {
    return this.#views;
  }

  databases(): readonly string[] {
    return [...this.#tablesByDatabase.keys()].sort();
  }

  tables(database: string): readonly string[] {
    return [...(this.#tablesByDatabase.get(database)?.keys() ?? [])].sort();
  }

  table(database: string, table: string): CatalogTable | undefined {
    const state = this.#tablesByDatabase.get(database)?.get(table);
    if (state === undefined) return undefined;
    const { nowMs, hiddenAgeMs } = this.#options;
    const key = state.properties.partitionKey;
    const isVisible = ({ firstSeenMs }: { readonly firstSeenMs: number }): boolean =>
      hiddenAgeMs === 0 || firstSeenMs <= nowMs - hiddenAgeMs;
    const dimensions = [...state.dimensions.values()].filter(isVisible).map(({ name }) => name);
    return {
      dimensions,
      measures: [...state.measures.values()].filter(isVisible),
      measureNames: [...state.measureNames.values()].map(({ measureName, dataType, dimensions: seen }) => ({
        measureName,
        dataType,
        dimensions: [...seen],
      })),
      seriesRelation: seriesRelation(state.tableId),
      pointsRelation: hiddenAgeMs === 0 ? pointsRelation(state.tableId) : this.#laggingView(state.tableId),
      oldestTimeNs: oldestVisibleNs(state.properties.retention, nowMs),
      ...(key?.Type === 'DIMENSION' && key.Name !== undefined ? { partitionDimension: key.Name } : {}),
    };
  }

  #laggingView(tableId: number): string {
    const view = `visible_points_${tableId}`;
    const untilMs = Math.floor(this.#options.nowMs - this.#options.hiddenAgeMs);
    this.#views.push(`CREATE OR REPLACE TEMP VIEW ${view} AS SELECT * FROM ${pointsRelation(tableId)} WHERE written_ms <= ${untilMs}`);
    return view;
  }
}
