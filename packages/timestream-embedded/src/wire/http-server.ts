import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import type { ControlRequest } from '../control/control-requests.js';
import type { FaultInjector } from '../fault-injector.js';
import type { ServerBounds } from '../limits.js';
import type { EmbeddedLogger } from '../logger.js';
import { ServiceError } from '../service-error.js';
import { encodeJsonBody } from './json-body.js';
import { randomBase32 } from './request-id.js';
import { verifySignature, type EmbeddedCredential } from './signature.js';

export interface OperationCall {
  readonly operation: string;
  /** The body as it came. */
  readonly bytes: Uint8Array;
  readonly credential: EmbeddedCredential;
  /** Values of the Host and User-Agent headers: DescribeEndpoints answers by them. */
  readonly host: string;
  readonly userAgent: string;
  readonly departure: Departure;
}

/** Whether the client has gone away. The signal is only made for who asks: it costs more than the rest of a small request. */
export class Departure {
  #happened = false;
  #abort: AbortController | undefined;

  get happened(): boolean {
    return this.#happened;
  }

  /** Aborted when the client goes away. */
  get signal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#happened) this.#abort.abort();
    return this.#abort.signal;
  }

  happen(): void {
    this.#happened = true;
    this.#abort?.abort();
  }
}

/** Carries out an operation. The answer is a JSON value, or JSON text that is ready to be sent. */
export type OperationHandler = (call: OperationCall) => Promise<object | string>;

export interface HttpServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly bounds: ServerBounds;
  readonly credentials: ReadonlyMap<string, EmbeddedCredential>;
  readonly region: string | undefined;
  readonly faults: FaultInjector;
  readonly logger: EmbeddedLogger;
  readonly handle: OperationHandler;
  /** Answers `/_timestream/<name>`; undefined where control over HTTP is off. */
  readonly control: ((request: ControlRequest) => Promise<object>) | undefined;
}

export interface ListeningServer {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

const targetPrefix = 'Timestream_20181101.';
const contentType = 'application/x-amz-json-1.0';

/** AWS JSON 1.0 over node:http: `POST /`, the operation in X-Amz-Target, a signature on every request. */
export async function listenHttp(options: HttpServerOptions): Promise<ListeningServer> {
  let inFlight = 0;
  const bodies = new BodyBudget(options.bounds.maxBodiesBytes);
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    inFlight += 1;
    try {
      await answerRequest(request, response, options, inFlight > options.bounds.maxRequestsInFlight, bodies);
    } catch (error) {
      options.logger.error({ err: error }, 'A request could not be answered');
      response.destroy();
    } finally {
      inFlight -= 1;
    }
  };
  const server = createServer(
    { headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 75_000, maxHeaderSize: 32_768 },
    (request, response) => {
      void answer(request, response);
    },
  );
  server.on('clientError', (_, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
  });
  const port = await listen(server, options);
  const hostText = options.host.includes(':') ? `[${options.host}]` : options.host;
  return { url: `http://${hostText}:${port}`, port, close: () => closeServer(server, options.bounds.maxCloseMs) };
}

async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpServerOptions,
  overloaded: boolean,
  bodies: BodyBudget,
): Promise<void> {
  const share = bodies.open();
  const requestId = randomBase32(26);
  const operation = operationOf(request);
  const departure = new Departure();
  response.on('close', () => {
    if (!response.writableFinished) departure.happen();
  });
  try {
    if (request.url?.startsWith(controlPrefix) === true) {
      await answerControlRequest(request, response, requestId, options);
      return;
    }
    if (overloaded) throw new ServiceError('ThrottlingException', 'Too many requests at once.');
    const body = await readBody(request, options.bounds.maxBodyBytes, share);
    const credential = admitRequest(request, operation, body, options);
    const fault = options.faults.takeWireFault(operation);
    const delayMs = options.faults.currentDelayMs(operation);
    if (delayMs > 0) await sleep(delayMs);
    if (fault?.kind === 'drop') return void request.socket.destroy();
    if (fault?.kind === 'throttle') throw new ServiceError('ThrottlingException', 'Rate exceeded');
    if (fault?.kind === 'fail') throw plannedFailure(fault.httpStatus);
    const answer = await options.handle({
      operation,
      bytes: body,
      credential,
      host: request.headers.host ?? '',
      userAgent: request.headers['user-agent'] ?? '',
      departure,
    });
    if (fault?.kind === 'drop-answer') return void request.socket.destroy();
    send(response, 200, requestId, answer);
  } catch (error) {
    if (departure.happened) return;
    const known = error instanceof ServiceError ? error : undefined;
    if (known === undefined) options.logger.error({ err: error, operation, requestId }, 'An operation failed unexpectedly');
    else options.logger.debug({ operation, requestId, code: known.code, reason: known.message }, 'A request was refused');
    const answered =
      known ?? new ServiceError('InternalServerException', 'The request could not be processed because of an internal error.');
    if (!response.headersSent) send(response, answered.httpStatus, requestId, answered.toBody());
  } finally {
    share.close();
  }
}

/** Counts the bytes of all bodies from when they arrive until their request is answered. */
class BodyBudget {
  #used = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  open(): BodyShare {
    let own = 0;
    return {
      take: (bytes) => {
        if (this.#used + bytes > this.#maxBytes) return false;
        this.#used += bytes;
        own += bytes;
        return true;
      },
      close: () => {
        this.#used -= own;
        own = 0;
      },
    };
  }
}

interface BodyShare {
  /** @returns false where the bytes do not fit beside the other bodies. */
  readonly take: (bytes: number) => boolean;
  readonly close: () => void;
}

/** One request at a time, of a test: beside the budget. */
const unbounded: BodyShare = { take: () => true, close: () => undefined };

const controlPrefix = '/_timestream/';
const maxControlBytes = 64 * 1_048_576;

/**
 * The server's own requests. Signed they are not, so they must not come from a page in a browser: a page cannot send this content type, or no
 * Origin, to another server without asking first.
 */
async function answerControlRequest(
  request: IncomingMessage,
  response: ServerResponse,
  requestId: string,
  { control }: HttpServerOptions,
): Promise<void> {
  const method = request.method ?? '';
  const name = (request.url ?? '').slice(controlPrefix.length);
  if (method === 'GET' && name === 'health') {
    send(response, 200, requestId, { status: 'ok' });
    return;
  }
  if (control === undefined)
    throw new ServiceError('UnknownOperationException', 'Control over HTTP is off; start the server with --control.');
  const type = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (request.headers.origin !== undefined || (method === 'POST' && type !== 'application/json' && type !== 'application/x-ndjson'))
    throw new ServiceError('AccessDeniedException', 'Control requests have the Content-Type application/json and no Origin.');
  const text = new TextDecoder().decode(await readBody(request, maxControlBytes, unbounded));
  send(response, 200, requestId, await control({ method, name, text }));
}

function operationOf(request: IncomingMessage): string {
  const target = request.headers['x-amz-target'];
  return typeof target === 'string' && target.startsWith(targetPrefix) ? target.slice(targetPrefix.length) : '';
}

/** Everything that is decided before the body is looked into: what is asked, and who asks. */
function admitRequest(request: IncomingMessage, operation: string, body: Uint8Array, options: HttpServerOptions): EmbeddedCredential {
  if (request.method !== 'POST' || operation === '') {
    throw new ServiceError('UnknownOperationException', `Requests are POST / with X-Amz-Target: ${targetPrefix}<Operation>`);
  }
  const signed = { method: request.method, target: request.url ?? '/', rawHeaders: request.rawHeaders, body };
  const credential = verifySignature(signed, options.credentials, options.region, Date.now());
  if (request.headers['content-type']?.split(';')[0]?.trim().toLowerCase() !== contentType) {
    throw new ServiceError('SerializationException', `The Content-Type must be ${contentType}`);
  }
  if (credential.allowedOperations?.includes(operation) === false) {
    throw new ServiceError(
      'AccessDeniedException',
      `User: ${credential.accessKeyId} is not authorized to perform: timestream:${operation}`,
    );
  }
  return credential;
}

function plannedFailure(httpStatus: number): ServiceError {
  return new ServiceError(httpStatus === 500 ? 'InternalServerException' : 'ServiceUnavailableException', 'A planned fault.', {
    httpStatus,
  });
}

function readBody(request: IncomingMessage, maxBytes: number, share: BodyShare): Promise<Uint8Array> {
  const tooLarge = (): ServiceError => new ServiceError('RequestTooLargeException', `The request body is larger than ${maxBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return Promise.reject(tooLarge());
  const chunks: Buffer[] = [];
  let size = 0;
  let isDropped = false;
  // Events, for an iterator costs more than the digest of a body of 100 records.
  return new Promise((resolve, reject) => {
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      // What does not fit is read to its end all the same, so that the client hears of it over a connection that it can use again.
      if (!isDropped && !share.take(chunk.length)) {
        isDropped = true;
        chunks.length = 0;
        share.close();
      }
      if (size <= maxBytes) return void (isDropped || chunks.push(chunk));
      // The answer still goes out over this socket, which must not be destroyed.
      request.pause();
      reject(tooLarge());
    });
    request.on('end', () => {
      if (isDropped) reject(new ServiceError('ThrottlingException', 'Too many bytes of requests at once (--memory-limit).'));
      else resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    });
    request.on('error', reject);
  });
}

function send(response: ServerResponse, status: number, requestId: string, answer: object | string): void {
  const body = Buffer.from(typeof answer === 'string' ? answer : encodeJsonBody(answer));
  response.writeHead(status, {
    'x-amzn-RequestId': requestId,
    'Content-Type': contentType,
    'Content-Length': body.length,
    ...(status === 413 ? { Connection: 'close' } : {}),
  });
  response.end(body);
}

function listen(server: Server, { host, port }: HttpServerOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // Node's own 511 are fewer than the callers that may connect at once; the system allows what it allows.
    server.listen({ port, host, backlog: 4096 }, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Requests that are being answered get their answer; what still hangs after `maxCloseMs` is cut off. */
async function closeServer(server: Server, maxCloseMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections become idle one by one as their last request is answered.
  const sweep = setInterval(() => server.closeIdleConnections(), 20);
  const timer = setTimeout(() => server.closeAllConnections(), maxCloseMs);
  await closed;
  clearInterval(sweep);
  clearTimeout(timer);
}
