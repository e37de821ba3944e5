import { CodecError, type SnappyDecoder } from '@timestream-prometheus/prom-codec';
import type { BudgetShare } from '../concurrency/create-byte-budget.js';
import { abortErrorOf } from '../concurrency/deadline.js';
import type { Turns } from '../concurrency/turns.js';
import { ConnectorError } from '../errors/connector-error.js';
import { BodyTooLargeError, type ConnectorRequest } from '../seam.js';

export interface BodyLimits {
  readonly maxBodyBytes: number;
  readonly maxDecodedBytes: number;
}

/**
 * Refuses a body by its declared length, before a byte of it is read.
 *
 * @throws ConnectorError body-too-large
 */
export function assertDeclaredLength({ contentLength }: ConnectorRequest, { maxBodyBytes }: BodyLimits): void {
  if (contentLength !== undefined && contentLength > maxBodyBytes) throw bodyTooLarge(maxBodyBytes);
}

export interface MessageContext {
  readonly budget: Pick<BudgetShare, 'take' | 'giveBack'>;
  readonly turns: Turns;
  readonly signal: AbortSignal;
}

/**
 * Reads the body of a request and decompresses it. Every size is checked before memory is taken for it, and what lies in memory counts against
 * the budget: the body while it arrives, and the decompressed bytes.
 *
 * @throws ConnectorError body-too-large, decoded-body-too-large, malformed-body, overloaded, client-gone, deadline-exceeded
 */
export async function readMessageBytes(
  request: ConnectorRequest,
  limits: BodyLimits,
  decodeSnappy: SnappyDecoder,
  held: MessageContext & { readonly budget: BudgetShare },
): Promise<Uint8Array> {
  const body = await readRequestBody(request, limits, held.budget, held.signal);
  return uncompressBody(body, limits, decodeSnappy, held);
}

/**
 * Decompresses a body that counts against the budget already; instead of it, the decompressed bytes count from now on.
 *
 * @throws ConnectorError decoded-body-too-large, malformed-body, overloaded, client-gone, deadline-exceeded
 */
export async function uncompressBody(
  body: Uint8Array,
  limits: Pick<BodyLimits, 'maxDecodedBytes'>,
  decodeSnappy: SnappyDecoder,
  { budget, turns, signal }: MessageContext,
): Promise<Uint8Array> {
  await turns.next(signal);
  const decoded = decodeChecked(() => decodeSnappy(body, { maxBytes: limits.maxDecodedBytes }));
  budget.take(decoded.length);
  // Nobody has the body any more.
  budget.giveBack(body.length);
  return decoded;
}

/**
 * The body as it was sent, while its bytes count against the budget.
 *
 * @throws ConnectorError body-too-large, overloaded, client-gone
 */
export async function readRequestBody(
  request: ConnectorRequest,
  { maxBodyBytes }: BodyLimits,
  budget: BudgetShare,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const reading = request.readBody(maxBodyBytes, (bytes) => budget.takeArriving(bytes));
  let giveUp: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(abortErrorOf(signal));
    signal.addEventListener('abort', giveUp, { once: true });
    if (signal.aborted) giveUp();
  });
  try {
    // A sender that stops in the middle of its body must not hold its place for longer than its time.
    const body = await Promise.race([reading, aborted]);
    budget.noteArrived();
    return body;
  } catch (error) {
    reading.catch(() => undefined);
    if (error instanceof ConnectorError) throw error;
    if (error instanceof BodyTooLargeError) throw bodyTooLarge(maxBodyBytes);
    throw new ConnectorError('client-gone', 'the connection ended before the body was complete', { cause: error });
  } finally {
    aborted.catch(() => undefined);
    signal.removeEventListener('abort', giveUp);
  }
}

function bodyTooLarge(maxBodyBytes: number): ConnectorError {
  return new ConnectorError('body-too-large', `the body is over ${maxBodyBytes} bytes (max-body-bytes): send fewer samples per request`);
}

/** @throws ConnectorError malformed-body, decoded-body-too-large */
export function decodeChecked<T>(run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    throw new ConnectorError(error.code === 'too-large' ? 'decoded-body-too-large' : 'malformed-body', error.message, { cause: error });
  }
}
