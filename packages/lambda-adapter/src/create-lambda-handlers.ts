import { readFileSync } from 'node:fs';
import type { Writable } from 'node:stream';
import {
  ConfigError,
  ConnectorError,
  createConnector,
  openAwsStorage,
  parseConfig,
  parseUsers,
  responseOfError,
  type Clock,
  type Connector,
  type UserDirectory,
} from '@timestream-prometheus/connector';
import { answerStreamed, answerWhole, type LambdaParts } from './answer-invocation.js';
import { createEmbeddedMetrics } from './embedded-metrics.js';
import type { LambdaResult } from './event-kind.js';
import { createJsonLogger } from './json-logger.js';
import type { LambdaContext } from './lambda-context.js';
import type { OpenHttpStream } from './stream-response.js';

export interface LambdaHandlersOptions {
  /** The function's environment: the options of docs/configuration.md by their environment names. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Takes one line of log or metrics, without its line end. */
  readonly writeLine: (line: string) => void;
  /** Default: the clock of the machine. */
  readonly clock?: Clock;
}

export interface LambdaHandlers {
  /** For integrations that take the answer in one piece: HTTP and REST APIs, Function URLs, load balancers. Never rejects. */
  readonly handler: (event: unknown, context: LambdaContext) => Promise<LambdaResult>;
  /**
   * For integrations that stream: Function URLs with RESPONSE_STREAM, REST APIs with response streaming. Rejects only when an answer
   * fails after it began, so that the runtime breaks the connection.
   */
  readonly streamHandler: (event: unknown, stream: Writable, context: LambdaContext) => Promise<void>;
}

/**
 * The connector as Lambda handlers. Everything is made once, here, and lives across invocations; the clients of AWS are opened by the
 * first request that needs them. A wrong configuration is logged once and every request is answered with 500 then: senders keep their
 * samples and send them again when it is mended, and the function does not start again and again.
 *
 * @param openHttpStream needed by `streamHandler` only
 */
export function createLambdaHandlers(
  { env, writeLine, clock = { nowMs: () => Date.now() } }: LambdaHandlersOptions,
  openHttpStream: OpenHttpStream,
): LambdaHandlers {
  let requestId: string | undefined;
  const parts = openParts(env, { writeLine, clock, requestId: () => requestId });
  return {
    handler: (event, context) => {
      requestId = context.awsRequestId;
      return answerWhole(parts, event, context);
    },
    streamHandler: (event, stream, context) => {
      requestId = context.awsRequestId;
      return answerStreamed(parts, event, context, { stream, openHttpStream });
    },
  };
}

interface LineWriting {
  readonly writeLine: (line: string) => void;
  readonly clock: Clock;
  readonly requestId: () => string | undefined;
}

function openParts(env: LambdaHandlersOptions['env'], lines: LineWriting): LambdaParts {
  const { clock } = lines;
  try {
    const config = parseConfig({ flags: {}, env, defaultsFor: 'lambda' });
    const logger = createJsonLogger({ level: config.logLevel, isEnabled: config.enableLogging, ...lines });
    const metrics = createEmbeddedMetrics({ namespace: config.metricsNamespace, ...lines });
    const openStorage = openAwsStorage(config, { logger, metrics, clock });
    return {
      connector: createConnector({ config, users: readUsers(config.usersFile), openStorage, logger, metrics, clock }),
      timeoutMs: config.timeoutMs,
      logger,
      metrics,
      clock,
    };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const logger = createJsonLogger({ level: 'info', isEnabled: true, ...lines });
    logger.error({ option: error.option }, `wrong configuration, every request is answered with 500: ${error.message}`);
    const metrics = createEmbeddedMetrics({ namespace: '', ...lines });
    return { connector: createUnconfiguredConnector(error), timeoutMs: UNCONFIGURED_TIMEOUT_MS, logger, metrics, clock };
  }
}

/** The file comes with the function, so it does not change while the function lives. */
function readUsers(file: string): (() => UserDirectory) | undefined {
  if (file === '') return undefined;
  try {
    const users = parseUsers(readFileSync(file, 'utf8'));
    return () => users;
  } catch (error) {
    throw new ConfigError('users-file', `must be a users file: ${error instanceof Error ? error.message : String(error)}`, file);
  }
}

/** Refusing takes no time; the deadline of the invocation still needs a number. */
const UNCONFIGURED_TIMEOUT_MS = 30_000;

function createUnconfiguredConnector(error: ConfigError): Connector {
  const message = `the configuration of the connector is wrong: ${error.message}; set the environment variables of the Lambda function`;
  const response = responseOfError(new ConnectorError('internal', message));
  return {
    handle: () => Promise.resolve(response),
    admit: () => Promise.resolve(response),
    noteConnection: () => undefined,
    refuse: (failure) => responseOfError(failure),
    close: () => Promise.resolve(),
  };
}
