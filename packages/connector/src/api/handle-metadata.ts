import { compareUtf8, type MetricMetadata } from '@timestream-prometheus/prom-codec';
import { ConnectorError } from '../errors/connector-error.js';
import type { Clock } from '../ports.js';
import type { ReadContext } from '../read/read-context.js';
import { readMetadata } from '../read/read-metadata.js';
import type { ApiParameters } from './api-parameters.js';
import { parseGoInteger } from './go-number.js';

/** JSON of the answer of `/api/v1/metadata`. @throws ConnectorError */
export async function answerMetadata(parameters: ApiParameters, context: ReadContext & { readonly clock: Clock }): Promise<string> {
  const limit = parseNumber(parameters, 'limit');
  const limitPerMetric = parseNumber(parameters, 'limit_per_metric');
  const metric = parameters.get('metric') ?? '';
  const byFamily = new Map<string, Map<string, Pick<MetricMetadata, 'type' | 'help' | 'unit'>>>();
  for (const { metricFamilyName, type, help, unit } of await readMetadata(
    metric === '' ? undefined : metric,
    context.clock.nowMs(),
    context,
  )) {
    const entries = byFamily.get(metricFamilyName) ?? new Map<string, Pick<MetricMetadata, 'type' | 'help' | 'unit'>>();
    byFamily.set(metricFamilyName, entries.set(JSON.stringify([type, help, unit]), { type, help, unit }));
  }
  const families = [...byFamily].sort(([left], [right]) => compareUtf8(left, right));
  const shown = limit === null || limit < 0 ? families : families.slice(0, limit);
  const members = shown.map(([name, entries]) => {
    const sorted = [...entries].sort(([left], [right]) => compareUtf8(left, right)).map(([, entry]) => entry);
    const kept = limitPerMetric === null || limitPerMetric <= 0 ? sorted : sorted.slice(0, limitPerMetric);
    return `${JSON.stringify(name)}:${JSON.stringify(kept)}`;
  });
  return `{"status":"success","data":{${members.join(',')}}}`;
}

/** Null: not given. As Prometheus takes it: a number below the least that means something is no limit (`web/api/v1/api.go`, metricMetadata). */
function parseNumber(parameters: ApiParameters, name: 'limit' | 'limit_per_metric'): number | null {
  const text = parameters.get(name) ?? '';
  if (text === '') return null;
  try {
    return parseGoInteger(text);
  } catch (error) {
    if (error instanceof RangeError) throw new ConnectorError('malformed-query', `${name} must be a number`);
    throw error;
  }
}
