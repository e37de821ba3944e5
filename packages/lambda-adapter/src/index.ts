export { createLambdaHandlers } from './create-lambda-handlers.js';
export type { LambdaHandlers, LambdaHandlersOptions } from './create-lambda-handlers.js';
export type { LambdaResult } from './event-kind.js';
export type { LambdaContext } from './lambda-context.js';
export type { OpenHttpStream } from './stream-response.js';
