/** What the server says when it refuses, in its own words. */
export class RequestError extends Error {
  readonly status: number;
  /** What it asks to wait before the same is asked again, in seconds. Undefined where it does not say. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, message: string, retryAfterSeconds?: number) {
    super(message);
    this.status = status;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
