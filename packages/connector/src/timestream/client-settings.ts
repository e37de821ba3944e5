import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Logger } from '../ports.js';
import type { SdkCredentials } from './sdk-credentials.js';
import { HostNotingHandler } from './host-noting-handler.js';
import { CONNECTOR_VERSION } from '../version.js';

/** An attempt to connect that takes longer will not come to anything. */
export const CONNECTION_TIMEOUT_MS = 5_000;

export interface ClientChoices {
  readonly region: string;
  /** Empty: discover the endpoint. */
  readonly endpoint: string;
  /** Undefined: the default chain of the SDK. */
  readonly credentials: SdkCredentials | undefined;
  /** Default: one. TimestreamCaller makes the attempts: the SDK knows neither what other clients do nor what a foreign answer is. */
  readonly maxAttempts?: number;
  /** For one attempt: until the head of the answer has come, and from each part of its body to the next. */
  readonly requestTimeoutMs: number;
  readonly maxSockets: number;
  readonly logger: Logger;
}

/**
 * The settings that both clients of the SDK take.
 *
 * - `endpoint` is passed explicitly or not at all: an endpoint from an AWS_ENDPOINT_URL variable alone would still be sent through
 *   endpoint discovery, and setting `endpointDiscoveryEnabled` beside `endpoint` throws, whatever the value.
 * - The SDK has no timeout of its own, and ignores `requestTimeout` unless told to throw.
 */
export function clientSettingsOf(choices: ClientChoices) {
  const { credentials, endpoint, maxSockets } = choices;
  return {
    region: choices.region,
    maxAttempts: choices.maxAttempts ?? 1,
    ...(endpoint === '' ? {} : { endpoint }),
    // Without the field the SDK follows its default chain: environment, profile, web identity, container and instance role.
    ...(credentials === undefined ? {} : { credentials }),
    customUserAgent: [['timestream-prometheus', CONNECTOR_VERSION] as [string, string]],
    requestHandler: new HostNotingHandler({
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      requestTimeout: choices.requestTimeoutMs,
      throwOnRequestTimeout: true,
      httpAgent: new HttpAgent({ keepAlive: true, maxSockets }),
      httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets }),
    }),
    logger: sdkLoggerOf(choices.logger),
  };
}

/**
 * A logger without `info` and `error`. The SDK's logger middleware makes a filtered copy of every input and output before it calls
 * `info?.()` or `error?.()`, and makes none when there is no such method: on WriteRecords that copy is a third of the CPU time. A failed
 * call is logged once, by whoever decides the answer.
 */
function sdkLoggerOf(logger: Logger) {
  const ignore = () => undefined;
  const sdkLogger = { trace: ignore, debug: ignore, warn: (...content: unknown[]) => logger.warn({ content }, 'the AWS SDK warns') };
  // oxlint-disable-next-line id-denylist -- the SDK's type demands both methods by these names; its code calls neither without `?.`
  return sdkLogger as typeof sdkLogger & { info: () => void; error: () => void };
}
