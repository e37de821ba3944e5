import type { ConnectorRequest, WholeResponse } from '@timestream-prometheus/connector';

/** What every kind of event says of the HTTP request behind it. Its path is below the stage, as far as the event tells it. */
export interface GatewayRequest extends Pick<ConnectorRequest, 'method' | 'path' | 'query' | 'headers'> {
  readonly body: EventBody;
  /** When the gateway took the request, in milliseconds since the epoch; undefined where the event does not say. */
  readonly receivedAtMs: number | undefined;
}

/** A body as it stands in an event. */
export interface EventBody {
  /** Bytes. */
  readonly length: number;
  /** @throws ConnectorError internal when the event does not hold the bytes that the client sent; the message says what to change */
  bytes(): Uint8Array;
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
  requestFromEvent(event: Event): GatewayRequest;
  resultFromResponse(response: WholeResponse, event: Event): LambdaResult;
  /** How long the integration waits for the function, in milliseconds; undefined where only the function's own timeout counts. */
  readonly maxWaitMs: number | undefined;
  /** Largest result, in bytes of its JSON text. */
  readonly maxResultBytes: number;
}
