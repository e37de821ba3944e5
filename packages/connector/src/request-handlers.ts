import { createSnappyDecoder, decodeReadRequest, decodeSnappy, LabelSetCache } from '@timestream-prometheus/prom-codec';
import { SeriesCache } from '@timestream-prometheus/timestream-translator';
import { type ApiParameters, readParameters } from './api/api-parameters.js';
import { apiResponse } from './api/api-response.js';
import { answerAlerts, answerRules } from './api/without-rules.js';
import { answerBuildInformation } from './api/build-information.js';
import { answerExemplars } from './api/handle-exemplars.js';
import { answerLabels, answerLabelValues, answerSeries } from './api/handle-labels.js';
import { answerMetadata } from './api/handle-metadata.js';
import { answerFormatQuery, answerParseQuery, answerQuery, answerQueryRange } from './api/handle-query.js';
import { CallQueue, type CallPlace } from './concurrency/call-queue.js';
import { createByteBudget, type BudgetShare } from './concurrency/create-byte-budget.js';
import { createLimiter } from './concurrency/create-limiter.js';
import { ReadBudget } from './concurrency/read-budget.js';
import type { RequestScope } from './concurrency/request-scope.js';
import { Turns } from './concurrency/turns.js';
import type { Config } from './config/parse-config.js';
import { SYSTEM_CLOCK, type ConnectorOptions } from './connector-options.js';
import { asConnectorError } from './errors/connector-error.js';
import { emptyResponse } from './http/responses.js';
import { type ApiRoute, labelNameInPath } from './http/route.js';
import { assertReadHeaders, writeVersionOf } from './protocol/content-headers.js';
import { assertDeclaredLength, decodeChecked, readMessageBytes, readRequestBody } from './protocol/read-message.js';
import { handleRead } from './read/handle-read.js';
import type { ReadContext } from './read/read-context.js';
import type { ConnectorRequest, ConnectorResponse } from './seam.js';
import type { Caller } from './users/create-gate.js';
import { StorageCache, type StorageLease } from './storage/storage-cache.js';
import { withOwnCredentials } from './storage/with-own-credentials.js';
import { createStorageState, type StorageState } from './storage/storage-state.js';
import { AcceptedDropLog } from './write/accepted-drop-log.js';
import { rememberStored } from './write/remember-stored.js';
import { timedWriter } from './write/timed-writer.js';
import type { WriteConfig, WriteContext } from './write/write-context.js';
import { writeMessage } from './write/write-message.js';
import { guessedCallCount, waitForPlace } from './write/wait-for-place.js';
import { WriteWorkers } from './workers/write-workers.js';
import { notStoredHeaders, withWrittenHeaders, writtenHeaders, type LeftOut, type WrittenCount } from './write/written-headers.js';

export interface RequestHandlers {
  write(request: ConnectorRequest, scope: RequestScope, identify: Identify): Promise<ConnectorResponse>;
  read(request: ConnectorRequest, scope: RequestScope, identify: Identify): Promise<ConnectorResponse>;
  api(route: ApiRoute, request: ConnectorRequest, scope: RequestScope, identify: Identify): Promise<ConnectorResponse>;
  noteConnection(): void;
  close(): void;
}

/** Says on whose behalf the request is, and for which table; called when the time of the request is limited. @throws ConnectorError */
export type Identify = () => Promise<Caller>;

/** What the labels as they arrive take of the series cache; the rest is for the stored form. */
const LABEL_SET_SHARE = 1 / 3;

/** What a body may grow to in memory, for each byte that it may have decompressed: labels that are new grow four times, and only hostile bodies more. */
const MEMORY_PER_DECODED_BYTE = 4;

const DEFAULT_MIN_WORKER_BODY_BYTES = 8 * 1024;

/** What makes a question to the HTTP API cheaper. */
const HOW_TO_ASK_FOR_LESS = 'narrow the matchers or the time range, or take a longer step';

/**
 * From a request that the router let through to its use case: whose it is, headers, body, storage. What costs nothing to judge is judged
 * first; what a request takes is put into its scope, which gives it back.
 */
export function createRequestHandlers(options: ConnectorOptions): RequestHandlers {
  const { config, openStorage, metrics, logger, clock = SYSTEM_CLOCK } = options;
  const calls = new CallQueue({
    maxConcurrency: config.maxWriteConcurrency,
    maxConcurrencyPerRequest: config.maxWriteConcurrencyPerRequest,
    clock,
  });
  const turns = new Turns();
  const decodeBody = options.uncompressSnappy === undefined ? decodeSnappy : createSnappyDecoder(options.uncompressSnappy);
  const workerCount = options.writeWorkers === undefined ? 0 : config.workers;
  // Each thread has caches of its own, this one too; what the option says is for all of them.
  const cacheBytes = config.seriesCacheBytes / (workerCount + 1);
  const labelSetBytes = cacheBytes * LABEL_SET_SHARE;
  const seriesBytes = cacheBytes - labelSetBytes;
  const labelSets = new LabelSetCache({ maxBytes: labelSetBytes });
  const series = new SeriesCache({ maxBytes: seriesBytes });
  const minWorkerBodyBytes = options.writeWorkers?.minBodyBytes ?? DEFAULT_MIN_WORKER_BODY_BYTES;
  const workers =
    options.writeWorkers === undefined || workerCount === 0
      ? undefined
      : new WriteWorkers({
          count: workerCount,
          startWorker: options.writeWorkers.start,
          settings: {
            config: writeConfigOf(config),
            maxDecodedBytes: config.maxDecodedBytes,
            labelSetBytes,
            seriesBytes,
            maxTables: config.maxStorages,
          },
          metrics,
          logger,
        });
  const acceptedDrops = new AcceptedDropLog(logger, clock);
  const readLimiter = createLimiter(config.maxReadConcurrency);
  const readBudget = new ReadBudget({ maxBytes: config.maxReadBytesInFlight, metrics });
  const bytesInFlight = createByteBudget({
    maxBytes: config.maxDecodedBytesInFlight,
    optionName: 'max-decoded-bytes-in-flight',
    maxBytesAlone: MEMORY_PER_DECODED_BYTE * config.maxDecodedBytes,
  });
  const storages = new StorageCache<StorageState>({
    openStorage: (credentials, destination) => {
      const storage = openStorage(credentials, destination);
      return credentials.kind === 'static' ? storage : withOwnCredentials(storage);
    },
    createState: (storage, destination) => createStorageState(storage, config, destination, { logger, metrics, clock }),
    maxStorages: config.maxStorages,
    idleTimeoutMs: config.storageIdleTimeoutMs,
    clock,
    metrics,
  });

  function holdBytes(scope: RequestScope): BudgetShare {
    const share = bytesInFlight.openShare();
    scope.hold(() => share.release());
    return share;
  }

  function holdStorage({ credentials, destination }: Caller, scope: RequestScope): StorageLease<StorageState> {
    const lease = storages.acquire(credentials, destination);
    scope.hold((failure) => lease.release(failure));
    return lease;
  }

  function readContext(caller: Caller, scope: RequestScope): ReadContext & { readonly config: Config } {
    const { storage, state } = holdStorage(caller, scope);
    const { config: tableConfig, schema, packing } = state;
    const memory = readBudget.openShare(scope.signal);
    scope.hold(() => memory.release());
    return { config: tableConfig, source: storage, schema, packing, limiter: readLimiter, memory, turns, metrics, signal: scope.signal };
  }

  return {
    async write(request, scope, identify) {
      const { signal } = scope;
      scope.limitTime(config.writeTimeoutMs, 'write-timeout');
      const caller = await identify();
      const version = writeVersionOf(request.headers);
      const written: WrittenCount = { samples: 0, histograms: 0, exemplars: 0 };
      let leftOut: readonly LeftOut[];
      let place: CallPlace | undefined;
      try {
        assertDeclaredLength(request, config);
        const budget = holdBytes(scope);
        if (request.contentLength !== undefined) bytesInFlight.assertRoomFor(request.contentLength);
        const tenant = storages.keyOf(caller.credentials, caller.destination);
        const { deadlineMs } = scope;
        calls.assertHope({ tenant, deadlineMs });
        const body = await readRequestBody(request, config, budget, signal);
        const nowMs = clock.nowMs();
        const recordVersion = config.onConflict === 'last-wins' ? Math.max(1, nowMs) : undefined;
        const held = { budget, turns, signal };
        place = calls.reserve({ tenant, callCount: guessedCallCount(body), deadlineMs });
        await waitForPlace(place, body, { version, limits: config, decodeSnappy: decodeBody, held });
        const common = { version, written, acceptedDrops, calls: place, nowMs, ...(recordVersion !== undefined && { recordVersion }) };
        const openTable = () => {
          const { storage, state } = holdStorage(caller, scope);
          return { writer: timedWriter(storage, calls, clock), state };
        };
        leftOut =
          (workers !== undefined && body.length >= minWorkerBodyBytes
            ? await workers.write({ ...common, body, scope, budget, openTable })
            : undefined) ??
          (await writeMessage(body, {
            version,
            limits: config,
            decodeSnappy: decodeBody,
            labelSets,
            held,
            openContext: (): WriteContext => {
              const { writer, state } = openTable();
              return {
                ...common,
                config: state.config,
                writer: rememberStored(writer, state.stored),
                dimensions: state.dimensions,
                knownMetadata: state.metadata,
                expectAgain: () => state.stored.expectAgain(),
                series,
                turns,
                metrics,
                signal,
                deadlineMs,
              };
            },
          }));
      } catch (thrown) {
        throw version === '2.0' ? withWrittenHeaders(asConnectorError(thrown), written) : thrown;
      } finally {
        place?.leave();
      }
      return { ...emptyResponse(204), headers: { ...(version === '2.0' ? writtenHeaders(written) : {}), ...notStoredHeaders(leftOut) } };
    },
    async read(request, scope, identify) {
      const { signal } = scope;
      scope.limitTime(config.readTimeoutMs, 'read-timeout');
      const caller = await identify();
      assertReadHeaders(request.headers);
      assertDeclaredLength(request, config);
      const bytes = await readMessageBytes(request, config, decodeBody, { budget: holdBytes(scope), turns, signal });
      const message = decodeChecked(() => decodeReadRequest(bytes));
      return handleRead(message, readContext(caller, scope));
    },
    async api(route, request, scope, identify) {
      const { signal } = scope;
      scope.limitTime(config.readTimeoutMs, 'read-timeout', HOW_TO_ASK_FOR_LESS);
      const caller = await identify();
      const budget = holdBytes(scope);
      const parameters = await readParameters(request, config, budget, signal);
      const json = await answerApi(route, parameters);
      // As Prometheus answers where there is nothing to say (`web/api/v1/api.go`, wrap).
      return json === null ? emptyResponse(204) : apiResponse(request, json);

      async function answerApi(asked: ApiRoute, given: ApiParameters): Promise<string | Uint8Array | null> {
        switch (asked) {
          case 'format-query':
            return answerFormatQuery(given, config);
          case 'parse-query':
            return answerParseQuery(given, config);
          case 'rules':
            return answerRules();
          case 'alerts':
            return answerAlerts();
          case 'build-information':
            return answerBuildInformation();
          case 'query':
          case 'query-range': {
            const limitTime = (timeoutMs: number): void => {
              if (timeoutMs < config.readTimeoutMs) scope.limitTime(timeoutMs, 'timeout', HOW_TO_ASK_FOR_LESS);
            };
            const context = { ...readContext(caller, scope), clock, limitTime };
            return asked === 'query' ? answerQuery(given, context) : answerQueryRange(given, context);
          }
          case 'labels':
            return answerLabels(given, readContext(caller, scope));
          case 'label-values':
            return answerLabelValues(labelNameInPath(request.path), given, readContext(caller, scope));
          case 'series':
            return answerSeries(given, readContext(caller, scope));
          case 'exemplars':
            return answerExemplars(given, readContext(caller, scope));
          case 'metadata':
            return answerMetadata(given, { ...readContext(caller, scope), clock });
        }
      }
    },
    noteConnection: () => turns.noteArrival(),
    close: () => {
      workers?.close();
      storages.close();
    },
  };
}

/** Only what a write needs: a worker knows no secret. */
function writeConfigOf(config: Config): WriteConfig {
  const { tableLayout, exemplars, metadata, onConflict, failOnLongLabel, failOnInvalidSampleValue, maxWriteConcurrencyPerRequest } = config;
  return { tableLayout, exemplars, metadata, onConflict, failOnLongLabel, failOnInvalidSampleValue, maxWriteConcurrencyPerRequest };
}
