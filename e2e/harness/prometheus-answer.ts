/** The envelope of every answer of Prometheus' HTTP API. */
export interface PrometheusAnswer {
  readonly status: string;
  // eslint-disable-next-line id-denylist -- Prometheus' own name for it
  readonly data?: { readonly result?: unknown };
  readonly error?: string;
  readonly warnings?: readonly string[];
}
