import { albEvent } from './alb-event.js';
import type { WholeResponse } from '@timestream-prometheus/connector';
import type { EventKind, GatewayRequest, LambdaResult } from './event-kind.js';
import { functionUrlEvent, httpApiEvent } from './http-api-event.js';
import { restApiEvent } from './rest-api-event.js';

/** An event of a known kind, with its kind's operations bound to it. */
export interface RecognisedEvent {
  readonly kind: EventKind<never>['name'];
  readonly maxWaitMs: number | undefined;
  readonly maxResultBytes: number;
  request(): GatewayRequest;
  result(response: WholeResponse): LambdaResult;
}

const RECOGNISERS: readonly ((event: unknown) => RecognisedEvent | undefined)[] = [
  recogniser(httpApiEvent),
  recogniser(functionUrlEvent),
  recogniser(albEvent),
  recogniser(restApiEvent),
];

/** What kind of event this is; undefined for everything that no integration in front of HTTP sends. */
export function recogniseEvent(event: unknown): RecognisedEvent | undefined {
  for (const recognise of RECOGNISERS) {
    const recognised = recognise(event);
    if (recognised !== undefined) return recognised;
  }
  return undefined;
}

function recogniser<Event>(kind: EventKind<Event>): (event: unknown) => RecognisedEvent | undefined {
  return (event) =>
    kind.matches(event)
      ? {
          kind: kind.name,
          maxWaitMs: kind.maxWaitMs,
          maxResultBytes: kind.maxResultBytes,
          request: () => kind.requestFromEvent(event),
          result: (response) => kind.resultFromResponse(response, event),
        }
      : undefined;
}
