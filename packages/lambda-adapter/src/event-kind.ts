/** What every kind of event says of the HTTP request behind it. */
export interface GatewayRequest {
  /** Upper case. */
  readonly method: string;
  /** Below the stage and below the custom domain's base path, as far as the event tells them. */
  readonly path: string;
  /** Names in lower case, several values of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** When the gateway took the request, in milliseconds since the epoch; undefined where the event does not say. */
  readonly receivedAtMs: number | undefined;
}

/** A response whose body is at hand in one piece. */
export interface WholeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The record that Lambda hands back to the integration. */
export interface LambdaResult {
  readonly statusCode: number;
  readonly statusDescription?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** One integration in front of the function: how its events are recognised and read, how it wants its answer, and what it bears. */
export interface EventKind<Event> {
  readonly name: 'http-api' | 'function-url' | 'rest-api' | 'alb';
  /** True only for an event whose fields all have the types that {@link EventKind.requestFromEvent} relies on. */
  matches(event: unknown): event is Event;
  /** @throws UnreadableEventError when the body cannot be the bytes that the client sent */
  requestFromEvent(event: Event): GatewayRequest;
  resultFromResponse(response: WholeResponse, event: Event): LambdaResult;
  /** How long the integration waits for the function, in milliseconds; undefined where only the function's own timeout counts. */
  readonly maxWaitMs: number | undefined;
  /** Largest result, in bytes of its JSON text. */
  readonly maxResultBytes: number;
}

/** The integration handed us a body that is not what the client sent. The message says what to change. */
export class UnreadableEventError extends Error {
  override readonly name = 'UnreadableEventError';
}
