import type { Writable } from 'node:stream';
import { createLambdaHandlers } from './create-lambda-handlers.js';
import type { LambdaContext } from './lambda-context.js';
import type { OpenHttpStream } from './stream-response.js';

/**
 * The entry of the bundle: `index.handler` for buffered integrations, `index.streamHandler` for streaming ones. Nothing is opened here;
 * the first request does that.
 */

type StreamHandler = (event: unknown, stream: Writable, context: LambdaContext) => Promise<void>;

/** The runtime's own global: "Response streaming for Lambda functions", Lambda guide. The AWS SDK makes an empty one elsewhere. */
interface RuntimeGlobal {
  readonly streamifyResponse?: (handler: StreamHandler) => StreamHandler;
  readonly HttpResponseStream?: { readonly from: OpenHttpStream };
}

const awslambda = (globalThis as { awslambda?: unknown }).awslambda as RuntimeGlobal | undefined;

const handlers = createLambdaHandlers(
  { env: process.env, writeLine: (line) => void process.stdout.write(`${line}\n`) },
  (stream, metadata) => {
    if (awslambda?.HttpResponseStream === undefined) throw new Error('streamHandler runs in the Node.js runtime of Lambda only');
    return awslambda.HttpResponseStream.from(stream, metadata);
  },
);

export const handler = handlers.handler;

export const streamHandler = awslambda?.streamifyResponse?.(handlers.streamHandler) ?? handlers.streamHandler;
