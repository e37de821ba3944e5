import type { BudgetShare } from '../concurrency/create-byte-budget.js';
import { ConnectorError } from '../errors/connector-error.js';
import { assertDeclaredLength, readRequestBody, type BodyLimits } from '../protocol/read-message.js';
import type { ConnectorRequest } from '../seam.js';

/** The parameters of an API request, wherever it carries them. */
export type ApiParameters = URLSearchParams;

const FORM = 'application/x-www-form-urlencoded';

/**
 * Parameters from the address, and from the body of a POST, which win: so long queries fit (`net/http`, Request.FormValue, which Prometheus
 * uses).
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
  for (const [name, value] of fromAddress) if (!parameters.has(name)) parameters.append(name, value);
  return parameters;
}

/** What is wrong with a parameter, in Prometheus' words. */
export function invalidParameter(name: string, reason: string): ConnectorError {
  return new ConnectorError('malformed-query', `invalid parameter "${name}": ${reason}`);
}
