import { ConfigError } from '@timestream-prometheus/connector';

/** The options that only this edge has. Everything else is the connector's own configuration, see `parseConfig`. */
export interface LambdaOptions {
  /**
   * What stands before `/write` and `/read` where the event does not tell: `/prom` behind a load balancer's rule for `/prom/*`, or
   * behind a custom domain's mapping to a `$default` route. Empty: nothing.
   */
  readonly basePath: string;
  /** Longest work on one request, in milliseconds. What the integration in front bears caps it further. */
  readonly timeoutMs: number;
  /** CloudWatch namespace of the metrics. Empty: no metrics are written. */
  readonly metricsNamespace: string;
}

const MIN_TIMEOUT_MS = 1000;
/** Lambda's longest function timeout, 900 s. */
const MAX_TIMEOUT_MS = 900_000;

/**
 * Reads `base_path` (default empty), `timeout_in_millis` (default 30000) and `metrics_namespace` (default
 * `TimestreamPrometheusConnector`; an empty value turns metrics off).
 *
 * @throws ConfigError naming the option, the rule and the value
 */
export function parseLambdaOptions(env: Readonly<Record<string, string | undefined>>): LambdaOptions {
  return {
    basePath: parseBasePath(env['base_path'] ?? ''),
    timeoutMs: parseTimeoutMs(env['timeout_in_millis'] ?? ''),
    metricsNamespace: parseMetricsNamespace(env['metrics_namespace'] ?? 'TimestreamPrometheusConnector'),
  };
}

function parseBasePath(text: string): string {
  if (text === '' || text === '/') return '';
  if (/^(\/[A-Za-z0-9._~-]+)+$/.test(text)) return text;
  throw invalid('base-path', 'must be a path that starts with / and does not end with one, such as /prom', text);
}

function parseTimeoutMs(text: string): number {
  if (text === '') return 30_000;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= MIN_TIMEOUT_MS && value <= MAX_TIMEOUT_MS) return value;
  throw invalid('timeout-in-millis', `must be a whole number of milliseconds from ${MIN_TIMEOUT_MS} to ${MAX_TIMEOUT_MS}`, text);
}

function parseMetricsNamespace(text: string): string {
  // "Namespace … 1 to 255 characters: 0-9 A-Z a-z . - _ / # :" and not AWS/ ("Concepts", CloudWatch guide).
  if (text === '' || (/^[\w.\-/#:]{1,255}$/.test(text) && !text.startsWith('AWS/'))) return text;
  throw invalid(
    'metrics-namespace',
    'must be a CloudWatch namespace: up to 255 of the characters a-z A-Z 0-9 . - _ / # : and not AWS/…',
    text,
  );
}

function invalid(option: string, rule: string, value: string): ConfigError {
  return new ConfigError(option, rule, value, `the environment variable ${option.replaceAll('-', '_')}`);
}
