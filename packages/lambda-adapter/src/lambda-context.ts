/** The part of Lambda's context object that we use; the Node.js runtime gives it as the second argument of every invocation. */
export interface LambdaContext {
  readonly awsRequestId: string;
  /** Time left before Lambda ends the function, in milliseconds. */
  getRemainingTimeInMillis(): number;
}
