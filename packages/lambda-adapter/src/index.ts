export { createLambdaHandlers } from './create-lambda-handlers.js';
export type { LambdaHandlers, LambdaHandlersOptions } from './create-lambda-handlers.js';
export type { LambdaResult } from './event-kind.js';
export type { LambdaContext } from './lambda-context.js';
export { parseLambdaOptions } from './lambda-options.js';
export type { LambdaOptions } from './lambda-options.js';
export type { OpenHttpStream } from './stream-response.js';
