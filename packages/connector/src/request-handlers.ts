import { decodeReadRequest, decodeWriteRequest } from '@timestream-prometheus/prom-codec';
import type { ConnectorOptions } from './create-connector.js';
import { createByteBudget } from './concurrency/create-byte-budget.js';
import { createLimiter } from './concurrency/create-limiter.js';
import { createCredentialState, type CredentialState } from './storage/credential-state.js';
import { withDeadline } from './concurrency/deadline.js';
import { ConnectorError } from './errors/connector-error.js';
import { answered, answerOf, type Answer } from './http/answer.js';
import { assertReadHeaders, assertWriteHeaders } from './protocol/content-headers.js';
import { withDecodedBody } from './protocol/decode-body.js';
import { parseAuthorization } from './http/parse-authorization.js';
import { emptyResponse } from './http/responses.js';
import type { Credentials } from './ports.js';
import type { ConnectorRequest } from './seam.js';
import { StorageCache, type StorageLease } from './storage/storage-cache.js';
import { handleRead } from './read/handle-read.js';
import { handleWrite } from './write/handle-write.js';
import { describeTable } from './write/describe-table.js';

export interface RequestHandlers {
  write(request: ConnectorRequest): Promise<Answer>;
  read(request: ConnectorRequest): Promise<Answer>;
  close(): void;
}

const SERVER_CREDENTIALS: Credentials = { kind: 'server' };

/** From a request that the router let through to its use case: headers, credentials, body, storage. */
export function createRequestHandlers({ config, openStorage, metrics, logger }: ConnectorOptions): RequestHandlers {
  const writeLimiter = createLimiter(config.maxWriteConcurrency);
  const decodedBytes = createByteBudget(config.maxDecodedBytesInFlight, 'max-decoded-bytes-in-flight');
  const readLimiter = createLimiter(config.maxReadConcurrency);
  const storages = new StorageCache<CredentialState>({
    openStorage,
    createState: createCredentialState,
    maxStorages: config.maxStorages,
    metrics,
  });

  function credentialsOf({ headers }: ConnectorRequest): Credentials {
    return config.enableSigV4Auth ? SERVER_CREDENTIALS : parseAuthorization(headers['authorization']);
  }

  async function withStorage<T>(credentials: Credentials, use: (lease: StorageLease<CredentialState>) => Promise<T>): Promise<T> {
    const lease = storages.acquire(credentials);
    try {
      return await use(lease);
    } catch (error) {
      if (error instanceof ConnectorError && error.code === 'invalid-credentials') storages.forget(credentials);
      throw error;
    } finally {
      lease.release();
    }
  }

  return {
    async write(request) {
      const credentials = credentialsOf(request);
      assertWriteHeaders(request.headers);
      await withDecodedBody(request.body, config, decodedBytes, decodeWriteRequest, (message) =>
        withDeadline(request.signal, config.writeTimeoutMs, 'write-timeout', (signal) =>
          withStorage(credentials, ({ storage, state }) =>
            handleWrite(message, {
              config,
              writer: storage,
              dimensions: state.dimensions,
              readDimensions: () =>
                describeTable({ source: storage, database: config.defaultDatabase, table: config.defaultTable, logger }),
              limiter: writeLimiter,
              metrics,
              signal,
            }),
          ),
        ),
      );
      return answered(emptyResponse(204));
    },
    async read(request) {
      const credentials = credentialsOf(request);
      assertReadHeaders(request.headers);
      return answerOf((give) =>
        withDecodedBody(request.body, config, decodedBytes, decodeReadRequest, (message) =>
          withDeadline(request.signal, config.readTimeoutMs, 'read-timeout', (signal) =>
            withStorage(credentials, async ({ storage, state }) => {
              const context = { config, source: storage, schema: state.schema, limiter: readLimiter, metrics, signal };
              await give(await handleRead(message, context), signal);
            }),
          ),
        ),
      );
    },
    close: () => storages.close(),
  };
}
