import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { NodeHttpHandler, type NodeHttpHandlerOptions } from '@smithy/node-http-handler';
import { AnswerTooLargeError, MAX_ANSWER_BYTES } from './answer-limit.js';

type Handle = NodeHttpHandler['handle'];

const hosts = new WeakMap<object, string>();

/**
 * Notes of each answer which host it was asked of: the SDK's errors carry the answer, but not the request. And takes no more of one than Timestream sends, and does not
 * wait for the rest of it for longer than for its beginning, to which alone the timeout of the SDK's handler is applied.
 */
export class HostNotingHandler extends NodeHttpHandler {
  readonly #requestTimeoutMs: number;

  constructor(options: NodeHttpHandlerOptions & { readonly requestTimeout: number }) {
    super(options);
    this.#requestTimeoutMs = options.requestTimeout;
  }

  override async handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    const output = await super.handle(request, options);
    noteHost(output.response, request);
    const body: unknown = output.response.body;
    if (body instanceof Readable) limit(body, this.#requestTimeoutMs);
    return output;
  }
}

function limit(body: Readable, timeoutMs: number): void {
  let receivedBytes = 0;
  const timer = setTimeout(() => {
    const error = new Error(`the rest of the answer did not come within ${timeoutMs} ms`);
    body.destroy(Object.assign(error, { name: 'TimeoutError', code: 'ETIMEDOUT' }));
  }, timeoutMs);
  body.once('close', () => clearTimeout(timer));
  // A stream's own `on` would let it flow before the SDK listens.
  EventEmitter.prototype.on.call(body, 'data', (chunk: Uint8Array) => {
    timer.refresh();
    receivedBytes += chunk.length;
    if (receivedBytes > MAX_ANSWER_BYTES) body.destroy(new AnswerTooLargeError());
  });
}

export function noteHost(response: object, { hostname, port }: { readonly hostname: string; readonly port?: number | undefined }): void {
  hosts.set(response, port === undefined ? hostname : `${hostname}:${port}`);
}

/** The host that gave this answer of the SDK; undefined if it was not noted. */
export function hostOfResponse(response: unknown): string | undefined {
  return typeof response === 'object' && response !== null ? hosts.get(response) : undefined;
}
