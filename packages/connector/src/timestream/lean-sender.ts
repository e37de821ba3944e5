import { HttpRequest } from '@smithy/core/transport';
import { randomUUID } from 'node:crypto';
import { CallSigner, type CallSignerOptions, type CallTemplate } from './call-signer.js';
import type { ConnectionPool } from './connection-pool.js';

/** So long calls are sent to where the SDK sent its last one: it keeps a discovered endpoint for longer itself. */
const MAX_TARGET_AGE_MS = 60_000;

/** Headers that are one call's own. All others are the same for every call of an operation. */
const OWN_HEADERS = new Set([
  'amz-sdk-invocation-id',
  'amz-sdk-request',
  'authorization',
  'content-length',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
]);

interface HttpAnswer {
  readonly statusCode: number;
  readonly body: Uint8Array;
}

/** What we need of the configuration of an SDK client. */
export interface LeanConfig {
  readonly credentials: CallSignerOptions['credentials'];
  readonly region: () => Promise<string>;
  readonly sha256: CallSignerOptions['sha256'];
  readonly systemClockOffset: number;
  readonly maxAttempts: () => Promise<number>;
}

/** A middleware of the SDK for the end of a call's way, right before the request leaves the process. */
export type LastStep = <Args extends { readonly request: unknown }, Result>(
  next: (args: Args) => Promise<Result>,
) => (args: Args) => Promise<Result>;

/** Where it belongs in the middleware stack of a command. */
export const LAST_STEP = { step: 'deserialize', priority: 'low', name: 'leanLastStep' } as const;

interface Target {
  readonly template: CallTemplate;
  readonly signer: CallSigner;
  readonly maxAttempts: number;
  readonly expiresAtMs: number;
}

/** A success that we read ourselves. */
export interface LeanAnswer {
  readonly json: object;
  readonly $metadata?: undefined;
}

/** Makes the call by the SDK, with this step added to its command. */
export type SendBySdk<Output> = (lastStep: LastStep) => Promise<Output>;

/** What came back from a first attempt. */
type FirstAttempt = { readonly response: HttpAnswer } | { readonly error: Error };

/**
 * Sends calls whose body is made already, and reads only whether they succeeded. Whatever the SDK does for each call over
 * and over (serialising objects, finding the endpoint, going through its middleware) is left out: where calls go, and with which headers, is
 * taken from a call of the SDK that is stopped before it leaves.
 *
 * Only an answer that is a success is ours to read. Any other, or none, is handed to the SDK as the answer to its own attempt: it reads it,
 * corrects its clock and throws as it always does.
 */
export class LeanSender {
  readonly #connections: ConnectionPool;
  readonly #nowMs: () => number;
  readonly #targets = new WeakMap<object, Promise<Target>>();

  constructor(connections: ConnectionPool, nowMs: () => number = () => performance.now()) {
    this.#connections = connections;
    this.#nowMs = nowMs;
  }

  /**
   * @param config of the client; all calls by one sender and one client are of one operation
   * @param sendBySdk makes the same call; what it serialises must be `body`
   */
  async send<Output>(
    config: LeanConfig,
    body: Uint8Array,
    sendBySdk: SendBySdk<Output>,
    signal: AbortSignal,
  ): Promise<LeanAnswer | Output> {
    const target = await this.#targetOf(config, sendBySdk);
    const attempt = await this.#attempt(config, target, body, signal);
    if ('response' in attempt) {
      const json = successOf(attempt.response);
      if (json !== undefined) return { json };
    }
    // What has failed may have failed because of where it was sent.
    this.#targets.delete(config);
    return sendBySdk(answerFirst(attempt));
  }

  /** Calls in flight end in their own time. */
  close(): void {
    this.#connections.close();
  }

  async #targetOf(config: LeanConfig, sendBySdk: SendBySdk<unknown>): Promise<Target> {
    const known = this.#targets.get(config);
    if (known !== undefined) {
      const target = await known.catch(() => undefined);
      if (target !== undefined && target.expiresAtMs > this.#nowMs()) return target;
    }
    // Whoever comes first asks, all others wait for it.
    if (this.#targets.get(config) !== known) return this.#targetOf(config, sendBySdk);
    const asking = this.#askTarget(config, sendBySdk);
    this.#targets.set(config, asking);
    try {
      return await asking;
    } catch (error) {
      if (this.#targets.get(config) === asking) this.#targets.delete(config);
      throw error;
    }
  }

  async #askTarget(config: LeanConfig, sendBySdk: SendBySdk<unknown>): Promise<Target> {
    let prepared: unknown;
    const stopBeforeLeaving: LastStep =
      () =>
      ({ request }) => {
        prepared = request;
        return Promise.reject(new CallStopped());
      };
    await sendBySdk(stopBeforeLeaving).catch((error: unknown) => {
      if (!(error instanceof CallStopped)) throw error;
    });
    if (!HttpRequest.isInstance(prepared)) throw new TypeError('the SDK sends no HTTP request');
    const { protocol, hostname, port, path, method, headers } = prepared;
    const template: CallTemplate = {
      protocol,
      hostname,
      ...(port === undefined ? {} : { port }),
      path,
      method,
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.has(name.toLowerCase()))),
    };
    const { credentials, sha256 } = config;
    return {
      template,
      signer: new CallSigner(template, { credentials, sha256, region: await config.region() }),
      maxAttempts: await config.maxAttempts(),
      expiresAtMs: this.#nowMs() + MAX_TARGET_AGE_MS,
    };
  }

  async #attempt(
    config: LeanConfig,
    { template, signer, maxAttempts }: Target,
    body: Uint8Array,
    signal: AbortSignal,
  ): Promise<FirstAttempt> {
    const ownHeaders = {
      'content-length': String(body.length),
      'amz-sdk-invocation-id': randomUUID(),
      'amz-sdk-request': `attempt=1; max=${maxAttempts}`,
    };
    try {
      const headers = await signer.sign(ownHeaders, body, new Date(Date.now() + config.systemClockOffset));
      return { response: await this.#connections.send({ ...template, headers, body }, signal) };
    } catch (error) {
      return { error: error instanceof Error ? error : new Error(String(error)) };
    }
  }
}

class CallStopped extends Error {
  override readonly name = 'CallStopped';
}

/** The JSON value of an answer that says yes; undefined for any other, and for what is no JSON object. */
function successOf({ statusCode, body }: HttpAnswer): object | undefined {
  if (statusCode < 200 || statusCode >= 300) return undefined;
  try {
    const json: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.length).toString());
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
}

/** The first attempt is not sent: this is what came of it. */
function answerFirst(attempt: FirstAttempt): LastStep {
  let isFirst = true;
  return <Args, Result>(next: (args: Args) => Promise<Result>) =>
    (args: Args): Promise<Result> => {
      if (!isFirst) return next(args);
      isFirst = false;
      // A middleware of this step returns what the HTTP handler returns.
      return 'error' in attempt ? Promise.reject(attempt.error) : Promise.resolve(attempt as Result);
    };
}
