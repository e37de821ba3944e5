/** What the server was asked to do since it started: the things that Amazon Timestream bills, and their outcome. */
export interface EmbeddedUsage {
  readonly writeRequests: number;
  readonly recordsIngested: number;
  readonly recordsRejected: number;
  /** Queries started; their further pages do not count. */
  readonly queries: number;
  readonly queryPages: number;
  readonly rowsReturned: number;
  /** JSON text of the rows. */
  readonly bytesReturned: number;
  /** As QueryStatus reports it: at least 10 MB for every query that reads a table. */
  readonly bytesMetered: number;
}

export class UsageCounters {
  #usage: EmbeddedUsage = {
    writeRequests: 0,
    recordsIngested: 0,
    recordsRejected: 0,
    queries: 0,
    queryPages: 0,
    rowsReturned: 0,
    bytesReturned: 0,
    bytesMetered: 0,
  };

  countWrite(ingested: number, rejected: number): void {
    this.#add({ writeRequests: 1, recordsIngested: ingested, recordsRejected: rejected });
  }

  countQuery(bytesMetered: number): void {
    this.#add({ queries: 1, bytesMetered });
  }

  countPage(rows: number, bytes: number): void {
    this.#add({ queryPages: 1, rowsReturned: rows, bytesReturned: bytes });
  }

  countMetered(bytesMetered: number): void {
    this.#add({ bytesMetered });
  }

  snapshot(): EmbeddedUsage {
    return this.#usage;
  }

  #add(added: Partial<EmbeddedUsage>): void {
    const sums: Record<keyof EmbeddedUsage, number> = { ...this.#usage };
    for (const key of Object.keys(added) as (keyof EmbeddedUsage)[]) sums[key] += added[key] ?? 0;
    this.#usage = sums;
  }
}
