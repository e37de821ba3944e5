const mebibyte = 1_048_576;

/** Bytes of an amount as DuckDB writes it, such as `512MB` or `2GiB`; undefined for any other text. */
export function memoryBytes(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?) ?([KMGT])(i?)B$/i.exec(text);
  if (match === null) return undefined;
  const [, digits = '', unit = '', binary = ''] = match;
  return Number(digits) * (binary === '' ? 1000 : 1024) ** ('KMGT'.indexOf(unit.toUpperCase()) + 1);
}

/** The bounds that follow from how much memory the database may have. */
export interface MemoryShares {
  /** Bytes of all bodies that are being read and worked on; a request beyond them is answered with ThrottlingException. */
  readonly maxBodiesBytes: number;
  /** Bytes of rows, as in an answer, that UNLOAD, a scheduled query or its like collects; a result beyond them is refused. */
  readonly maxCollectedBytes: number;
  /** Entries of a list that a function outside the database takes, and of all lists that it gives for 2048 rows; more are refused. */
  readonly maxListEntries: number;
  /** Bytes of texts and lists that functions make out of nothing, of the 2048 rows that the database works on at a time; more are refused. */
  readonly maxMadeBytes: number;
  /** Unfinished results that wait for their next page. The one idle for longest gives way; its NextToken is then invalid. */
  readonly maxOpenCursors: number;
}

/**
 * What the process may hold beside the database, by the database's limit: each of them a part of it, so that all of them together stay below
 * it. A byte of a body is about six while it is worked on, a byte of collected rows about ten, an entry of a list 200 to 250.
 */
export function memoryShares(duckdbMemoryLimit: string): MemoryShares {
  const limit = memoryBytes(duckdbMemoryLimit) ?? 2_000 * mebibyte;
  const between = (least: number, value: number, most: number): number => Math.max(least, Math.min(most, Math.floor(value)));
  return {
    // One body of the greatest size has to fit.
    maxBodiesBytes: between(8 * mebibyte, limit / 32, 256 * mebibyte),
    maxCollectedBytes: between(4 * mebibyte, limit / 32, 256 * mebibyte),
    // A list that a page can hold has to fit: a megabyte of entries of 18 bytes.
    maxListEntries: between(60_000, limit / 1024, 4_000_000),
    // Each of the threads may have as many, and some copies of them.
    maxMadeBytes: between(4 * mebibyte, limit / 32, 256 * mebibyte),
    // Each keeps a page, and may keep one more row.
    maxOpenCursors: between(4, limit / (32 * mebibyte), 64),
  };
}
