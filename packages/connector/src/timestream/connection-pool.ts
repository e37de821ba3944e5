// Whoever compiles this file from another package finds the declaration by this alone.
// oxlint-disable-next-line typescript/triple-slash-reference -- an import brings in no declaration of another module
/// <reference path="./undici-pool.d.ts" />
import { HttpResponse } from '@smithy/core/transport';
import type { Dispatcher, Pool } from 'undici';
import { AnswerTooLargeError, MAX_ANSWER_BYTES } from './answer-limit.js';
import type { CallTemplate } from './call-signer.js';
import { noteHost } from './host-noting-handler.js';

/** A connection that nobody uses is kept so long, unless the server says otherwise: longer than Prometheus pauses between two scrapes. */
const KEEP_ALIVE_MS = 60_000;

export interface ConnectionLimits {
  readonly connectionTimeoutMs: number;
  /** Until the head of the answer has come, and from each part of the body to the next. */
  readonly requestTimeoutMs: number;
  readonly maxSockets: number;
}

export interface WholeRequest extends CallTemplate {
  readonly body: Uint8Array;
}

/** An answer whose body has come as a whole. */
export type CollectedResponse = HttpResponse & { body: Uint8Array };

/**
 * Sends requests that are put together already, and collects their answers, by undici, which takes about half the processor time for it that the SDK's handler over
 * `node:http` does. What fails, fails as it does there: by the same names and codes, which the SDK and `connectorErrorOf` know.
 *
 * It follows no redirects and makes no request a second time. It knows no proxy, as the SDK's handler does not.
 */
export class ConnectionPool {
  readonly #limits: ConnectionLimits;
  #origin = '';
  #pool: Promise<Pool> | undefined;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  async send(request: WholeRequest, signal: AbortSignal): Promise<CollectedResponse> {
    const pool = await this.#poolOf(originOf(request));
    return new Promise((resolve, reject) => {
      const exchange = new Exchange(request, signal, resolve, reject);
      if (!exchange.isOver) pool.dispatch(optionsOf(request), exchange);
    });
  }

  /** Requests in flight end in their own time. */
  close(): void {
    const pool = this.#pool;
    this.#pool = undefined;
    // What is still in flight when it is closed has its own answer or error.
    void pool?.then((opened) => opened.close()).catch(() => undefined);
  }

  /** Calls go to one place at a time; it is another when Timestream has named another endpoint. */
  #poolOf(origin: string): Promise<Pool> {
    if (this.#pool !== undefined && this.#origin === origin) return this.#pool;
    this.close();
    this.#origin = origin;
    return (this.#pool = openPool(origin, this.#limits));
  }
}

async function openPool(origin: string, { connectionTimeoutMs, requestTimeoutMs, maxSockets }: ConnectionLimits): Promise<Pool> {
  // Loaded with the first call, and this part alone: all of undici is three times as much memory, and replaces what the global fetch is sent by.
  const { default: PoolOfUndici } = await import('undici/lib/dispatcher/pool.js');
  return new PoolOfUndici(origin, {
    connections: maxSockets,
    // As the SDK sends: an answer that does not come holds up nobody else's.
    pipelining: 1,
    connectTimeout: connectionTimeoutMs,
    headersTimeout: requestTimeoutMs,
    bodyTimeout: requestTimeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
  });
}

/** Every call of Timestream is a POST. */
function optionsOf({ path, headers, body }: WholeRequest): Dispatcher.DispatchOptions {
  return { method: 'POST', path, headers, body };
}

function originOf({ protocol, hostname, port }: WholeRequest): string {
  const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
  return `${protocol}//${host}${port === undefined ? '' : `:${port}`}`;
}

/** One request and its answer. */
class Exchange implements Dispatcher.DispatchHandler {
  isOver = false;
  readonly #request: WholeRequest;
  readonly #signal: AbortSignal;
  readonly #resolve: (response: CollectedResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #onAbort = () => {
    const error = abortErrorOf(this.#signal);
    this.#fail(error);
    this.#controller?.abort(error);
  };
  readonly #chunks: Buffer[] = [];
  #receivedBytes = 0;
  #controller: Dispatcher.DispatchController | undefined;
  #response: HttpResponse | undefined;

  constructor(request: WholeRequest, signal: AbortSignal, resolve: (response: CollectedResponse) => void, reject: (error: Error) => void) {
    this.#request = request;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // It was given up while it waited for a connection.
    if (this.isOver) controller.abort(abortErrorOf(this.#signal));
  }

  /** Comes again after an informational answer. */
  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
    statusMessage?: string,
  ): void {
    this.#response = new HttpResponse({ statusCode, reason: statusMessage ?? '', headers: plainHeadersOf(headers) });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#receivedBytes += chunk.length;
    if (this.#receivedBytes <= MAX_ANSWER_BYTES) {
      this.#chunks.push(chunk);
      return;
    }
    const error = new AnswerTooLargeError();
    this.#fail(error);
    controller.abort(error);
  }

  onResponseEnd(): void {
    const response = this.#response;
    if (this.isOver || response === undefined) return;
    this.#end();
    noteHost(response, this.#request);
    const [first, ...others] = this.#chunks;
    const body = first !== undefined && others.length === 0 ? first : Buffer.concat(this.#chunks);
    this.#resolve(Object.assign(response, { body }));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(errorAsOfNode(error, this.#response !== undefined));
  }

  #fail(error: Error): void {
    if (this.isOver) return;
    this.#end();
    this.#reject(error);
  }

  #end(): void {
    this.isOver = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}

function plainHeadersOf(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(',') : value;
  }
  return plain;
}

function abortErrorOf({ reason }: AbortSignal): Error {
  return Object.assign(new Error('Request aborted', { cause: reason }), { name: 'AbortError' });
}

/** What the SDK's handler calls a TimeoutError: its own timeouts, and a connection that broke before the answer began. */
const BROKEN_CONNECTION_CODES = new Set(['ECONNRESET', 'EPIPE', 'ETIMEDOUT']);

function errorAsOfNode(error: Error, hasAnswerBegun: boolean): Error {
  const code = 'code' in error ? error.code : undefined;
  if (hasAnswerBegun && code === 'ECONNRESET') return abortedAnswerOf(error);
  switch (code) {
    // The other side has closed the connection, before the answer or in the midst of it.
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      return hasAnswerBegun
        ? abortedAnswerOf(error)
        : Object.assign(new Error('socket hang up', { cause: error }), { name: 'TimeoutError', code: 'ECONNRESET' });
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'UND_ERR_HEADERS_TIMEOUT':
    case 'UND_ERR_BODY_TIMEOUT':
      return Object.assign(new Error(error.message, { cause: error }), { name: 'TimeoutError', code: 'ETIMEDOUT' });
    default:
      return typeof code === 'string' && BROKEN_CONNECTION_CODES.has(code) ? Object.assign(error, { name: 'TimeoutError' }) : error;
  }
}

function abortedAnswerOf(cause: Error): Error {
  return Object.assign(new Error('aborted', { cause }), { code: 'ECONNRESET' });
}
