/** The last hour of the connector, in columns over the same times. `null` where nothing was measured. */
export interface StatusHistory {
  /** Milliseconds since the Unix epoch, in order. */
  readonly timesMs: readonly number[];
  /** By name; each as long as `timesMs`. A name with a colon belongs to the plot before it: `refused:outside-retention`. */
  readonly columns: Readonly<Record<string, readonly (number | null)[]>>;
}

/** Answers with an error code since the start. No text of a request or of Timestream: those are in the log. */
export interface StatusError {
  readonly endpoint: string;
  readonly status: string;
  /** A code of docs/errors.md. */
  readonly code: string;
  /** One sentence of docs/errors.md. */
  readonly meaning: string;
  readonly count: number;
  /** When the count last grew, milliseconds since the Unix epoch. */
  readonly lastMs: number;
}

/** What `GET /-/status` answers. It holds no secret and nothing that is stored. */
export interface StatusAnswer {
  readonly version: string;
  readonly nowMs: number;
  readonly startedMs: number;
  readonly storage: 'embedded' | 'aws';
  readonly region: string;
  readonly database: string;
  readonly table: string;
  readonly tableLayout: string;
  /** `access-key`: every request carries one, by Basic authentication. `server`: the connector uses its own. `users`: those of the users file come in. */
  readonly authentication: 'access-key' | 'server' | 'users';
  /** Whether the connector stores its own metrics by itself. */
  readonly selfScrape: boolean;
  /** Where a Prometheus scrapes them. */
  readonly metricsPath: string;
  /** Lines for prometheus.yml, without secrets. */
  readonly prometheusConfig: string;
  readonly history: StatusHistory;
  readonly errors: readonly StatusError[];
}
