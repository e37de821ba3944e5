import type { BudgetShare } from '../concurrency/create-byte-budget.js';
import { ConnectorError } from '../errors/connector-error.js';
import { assertDeclaredLength, readRequestBody, type BodyLimits } from '../protocol/read-message.js';
import type { ConnectorRequest } from '../seam.js';

/** The parameters of an API request, wherever it carries them. */
export type ApiParameters = URLSearchParams;

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
  const fromAddress = new URLSearchParams(request.query);
  if (request.method !== 'POST') return fromAddress;
  assertDeclaredLength(request, limits);
  const contentType = request.headers['content-type'] ?? FORM;
  if (contentType.split(';')[0]?.trim().toLowerCase() !== FORM) {
    throw new ConnectorError(
      'unsupported-content-type',
      `content type ${JSON.stringify(contentType.slice(0, 200))} is not supported: send ${FORM}`,
    );
  }
  const body = await readRequestBody(request, limits, budget, signal);
  const parameters = new URLSearchParams(new TextDecoder().decode(body));
  for (const [name, value] of fromAddress) parameters.append(name, value);
  return parameters;
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
  if (!/^[+-]?\d{1,15}$/.test(text)) throw invalidParameter('limit', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  const limit = Number(text);
  if (limit < 0) throw invalidParameter('limit', 'limit must be non-negative');
  return limit;
}
