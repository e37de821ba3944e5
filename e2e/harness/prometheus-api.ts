import type { PrometheusAnswer } from './prometheus-answer.js';

/** Prometheus' HTTP API of some server: of a Prometheus, or of the connector. */
export interface PrometheusApi {
  readonly url: string;
  /** The whole answer of an API path, also one that says what was wrong. */
  ask(pathAndQuery: string): Promise<PrometheusAnswer>;
  /** The `result` and the warnings of any API path. */
  api(pathAndQuery: string): Promise<{ readonly result: unknown; readonly warnings: readonly string[] }>;
  /** The answer of an instant query as the server's own text, `result` in the order that it gave. */
  queryInstant(expression: string, timeSeconds?: number): Promise<unknown>;
  /** The answer of a range query. */
  queryRange(expression: string, startSeconds: number, endSeconds: number, stepSeconds: number): Promise<unknown>;
}

export function instantPath(expression: string, timeSeconds?: number): string {
  return `/api/v1/query?query=${encodeURIComponent(expression)}${timeSeconds === undefined ? '' : `&time=${timeSeconds}`}`;
}

export function rangePath(expression: string, startSeconds: number, endSeconds: number, stepSeconds: number): string {
  return `/api/v1/query_range?query=${encodeURIComponent(expression)}&start=${startSeconds}&end=${endSeconds}&step=${stepSeconds}`;
}

export function createPrometheusApi(url: string, headers: Readonly<Record<string, string>> = {}): PrometheusApi {
  const ask: PrometheusApi['ask'] = async (pathAndQuery) => {
    const response = await fetch(`${url}${pathAndQuery}`, { headers });
    return (await response.json()) as PrometheusAnswer;
  };
  const api: PrometheusApi['api'] = async (pathAndQuery) => {
    const answer = await ask(pathAndQuery);
    if (answer.status !== 'success') throw new Error(`${url}${pathAndQuery}: ${answer.error ?? JSON.stringify(answer)}`);
    return { result: answer.data?.result ?? answer.data, warnings: answer.warnings ?? [] };
  };
  const query = async (pathAndQuery: string): Promise<unknown> => {
    const { result, warnings } = await api(pathAndQuery);
    if (warnings.length > 0) throw new Error(`${url} warned: ${warnings.join('; ')}`);
    return result;
  };
  return {
    url,
    ask,
    api,
    queryInstant: (expression, timeSeconds) => query(instantPath(expression, timeSeconds)),
    queryRange: (...asked) => query(rangePath(...asked)),
  };
}
