import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AnswerTooLargeError, MAX_ANSWER_BYTES } from './answer-limit.js';

type Handle = NodeHttpHandler['handle'];

const hosts = new WeakMap<object, string>();

/** Notes of each answer which host it was asked of: the SDK's errors carry the answer, but not the request. And takes no more of one than Timestream sends. */
export class HostNotingHandler extends NodeHttpHandler {
  override async handle(...[request, options]: Parameters<Handle>): ReturnType<Handle> {
    const output = await super.handle(request, options);
    noteHost(output.response, request);
    const body: unknown = output.response.body;
    if (body instanceof Readable) limit(body);
    return output;
  }
}

function limit(body: Readable): void {
  let receivedBytes = 0;
  // A stream's own `on` would let it flow before the SDK listens.
  EventEmitter.prototype.on.call(body, 'data', (chunk: Uint8Array) => {
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
