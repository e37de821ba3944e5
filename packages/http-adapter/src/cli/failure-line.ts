import { asConnectorError } from '@timestream-prometheus/connector';
import { PROGRAM_NAME } from './package-version.js';

/** What Timestream or the network refused, in one line for standard error. Its code is in docs/errors.md. */
export function failureLine(error: unknown): string {
  const { code, message } = asConnectorError(error);
  return `${PROGRAM_NAME}: ${code}: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`;
}
