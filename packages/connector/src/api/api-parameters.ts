import type { BudgetShare } from '../concurrency/create-byte-budget.js';
import { ConnectorError } from '../errors/connector-error.js';
import { assertDeclaredLength, readRequestBody, type BodyLimits } from '../protocol/read-message.js';
import type { ConnectorRequest } from '../seam.js';
import { type Form, parseForm } from './form.js';
import { parseGoInteger } from './go-number.js';

/** The parameters of an API request, wherever it carries them. */
export interface ApiParameters {
  /** The first value, or null. */
  get(name: string): string | null;
  getAll(name: string): readonly string[];
  /** What is wrong with a pair that was left out: most questions do without it (`net/http`, Request.FormValue). */
  readonly fault: string | null;
}

const FORM = 'application/x-www-form-urlencoded';

/**
 * Parameters from the address, and before them those from the body of a POST: so long queries fit, of two values the body's counts, and of a
 * list both are taken (`net/http`, Request.FormValue and Request.Form, which Prometheus uses).
 *
 * @throws ConnectorError body-too-large, unsupported-content-type
 */
export async function readParameters(
  request: ConnectorRequest,
  limits: BodyLimits,
  budget: BudgetShare,
  signal: AbortSignal,
): Promise<ApiParameters> {
  const address = parseForm(request.query);
  if (request.method !== 'POST') return parametersOf(address);
  assertDeclaredLength(request, limits);
  const contentType = request.headers['content-type'] ?? FORM;
  if (contentType.split(';')[0]?.trim().toLowerCase() !== FORM) {
    throw new ConnectorError(
      'unsupported-content-type',
      `content type ${JSON.stringify(contentType.slice(0, 200))} is not supported: send ${FORM}`,
    );
  }
  const body = await readRequestBody(request, limits, budget, signal);
  return parametersOf(parseForm(new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)), address);
}

function parametersOf(...forms: readonly Form[]): ApiParameters {
  const values = new Map<string, string[]>();
  for (const [name, value] of forms.flatMap(({ pairs }) => pairs)) {
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return {
    get: (name) => values.get(name)?.[0] ?? null,
    getAll: (name) => values.get(name) ?? [],
    fault: forms.find(({ fault }) => fault !== null)?.fault ?? null,
  };
}

/** What is wrong with a parameter, in Prometheus' words. */
export function invalidParameter(name: string, reason: string): ConnectorError {
  return new ConnectorError('malformed-query', `invalid parameter "${name}": ${reason}`);
}

/** What `parse` makes of a parameter; its RangeError says what is wrong with it. @throws ConnectorError malformed-query */
export function parseParameter<T>(name: string, parse: () => T, prefix = ''): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof RangeError) throw invalidParameter(name, prefix + error.message);
    throw error;
  }
}

/** 0: no limit. @throws ConnectorError malformed-query */
export function parseLimit(parameters: ApiParameters): number {
  const text = parameters.get('limit') ?? '';
  if (text === '') return 0;
  const limit = parseParameter('limit', () => parseGoInteger(text));
  if (limit < 0) throw invalidParameter('limit', 'limit must be non-negative');
  return limit;
}
