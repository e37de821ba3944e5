/** The envelope of every answer of Prometheus' HTTP API. */
export interface PrometheusAnswer {
  readonly status: string;
  // oxlint-disable-next-line id-denylist -- Prometheus' own name for it
  readonly data?: { readonly resultType?: string; readonly result?: unknown };
  readonly errorType?: string;
  readonly error?: string;
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}
