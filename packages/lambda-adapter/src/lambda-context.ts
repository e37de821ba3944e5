import type { Context } from 'aws-lambda';

/** The part of Lambda's context object that we use; the Node.js runtime gives it as the second argument of every invocation. */
export type LambdaContext = Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>;
