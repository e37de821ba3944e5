/** What a literal says. */
export type LiteralValue =
  | { readonly type: 'null' }
  | { readonly type: 'boolean'; readonly value: boolean }
  | { readonly type: 'integer'; readonly value: bigint }
  /** A BIGINT that is put into the finished statement: see `StatementShape`. */
  | { readonly type: 'late-integer'; readonly index: number }
  | { readonly type: 'double'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  /** Nanoseconds since the epoch. */
  | { readonly type: 'timestamp'; readonly value: bigint }
  /** Days since the epoch. */
  | { readonly type: 'date'; readonly value: bigint }
  /** Nanoseconds since midnight. */
  | { readonly type: 'time'; readonly value: bigint }
  /** Nanoseconds. */
  | { readonly type: 'interval-day-to-second'; readonly value: bigint }
  /** Months. */
  | { readonly type: 'interval-year-to-month'; readonly value: bigint };
