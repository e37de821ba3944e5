import {
  CancelQueryCommand,
  DescribeEndpointsCommand as DescribeQueryEndpointsCommand,
  QueryCommand,
  TimestreamQueryClient,
} from '@aws-sdk/client-timestream-query';
import {
  CreateDatabaseCommand,
  CreateTableCommand,
  DescribeDatabaseCommand,
  DescribeEndpointsCommand,
  DescribeTableCommand,
  TimestreamWriteClient,
  type PartitionKey as SdkPartitionKey,
} from '@aws-sdk/client-timestream-write';
import { ConnectorError } from '../errors/connector-error.js';
import type { TableAdmin, TableDescription } from '../operations/table-admin.js';
import type { Credentials } from '../ports.js';
import { connectorErrorOf, type AdminOperation, type TimestreamOperation } from './aws-error.js';
import { sdkCredentialsOf } from './sdk-credentials.js';
import { clientSettingsOf } from './client-settings.js';
import type { AwsStorageConfig, AwsStorageOptions } from './open-aws-storage.js';

/** A person waits: what does not come in this time is a finding. */
const ATTEMPT_TIMEOUT_MS = 15_000;
const MAX_ATTEMPTS = 2;
const MAX_SOCKETS = 4;

/** Timestream as a person's command sees it: the table itself, and who may do what. */
export function openTableAdmin(
  config: AwsStorageConfig,
  options: Pick<AwsStorageOptions, 'logger' | 'clock'>,
): (credentials: Credentials) => TableAdmin {
  const clock = options.clock ?? { nowMs: () => Date.now() };
  return (credentials) => {
    const common = {
      region: config.region,
      credentials: sdkCredentialsOf(credentials, config),
      logger: options.logger,
      maxAttempts: MAX_ATTEMPTS,
      requestTimeoutMs: ATTEMPT_TIMEOUT_MS,
      maxSockets: MAX_SOCKETS,
    };
    const writeClient = new TimestreamWriteClient(clientSettingsOf({ ...common, endpoint: config.writeBaseEndpoint }));
    const queryClient = new TimestreamQueryClient(clientSettingsOf({ ...common, endpoint: config.queryBaseEndpoint }));
    const seen: { clockLeadMs: number | undefined } = { clockLeadMs: undefined };
    /** Of both clients: what an answer says about the service's time. */
    function noteClock<Step, Answer extends { readonly response: unknown }>(next: (step: Step) => Promise<Answer>): typeof next {
      return async (step) => {
        const startMs = clock.nowMs();
        const answered = await next(step);
        const serviceMs = timeOfAnswer(answered.response);
        if (serviceMs !== undefined) seen.clockLeadMs = serviceMs - (startMs + clock.nowMs()) / 2;
        return answered;
      };
    }
    const place = { step: 'deserialize', priority: 'low', name: 'noteClockOfService' } as const;
    writeClient.middlewareStack.add(noteClock, place);
    queryClient.middlewareStack.add(noteClock, place);
    const names = { DatabaseName: config.defaultDatabase, TableName: config.defaultTable };

    async function ask<Answer>(
      operation: TimestreamOperation | AdminOperation,
      signal: AbortSignal,
      send: () => Promise<Answer>,
    ): Promise<Answer> {
      try {
        return await send();
      } catch (error) {
        throw connectorErrorOf(error, operation, signal);
      }
    }

    async function createUnlessThere(operation: AdminOperation, signal: AbortSignal, send: () => Promise<unknown>): Promise<boolean> {
      try {
        await ask(operation, signal, send);
        return true;
      } catch (error) {
        // API model: "ConflictException: … the resource already exists".
        if (error instanceof ConnectorError && error.cause instanceof Error && error.cause.name === 'ConflictException') return false;
        throw error;
      }
    }

    return {
      get clockLeadMs() {
        return seen.clockLeadMs;
      },
      async findCredentials() {
        const found = await ask('DescribeEndpoints', new AbortController().signal, () => writeClient.config.credentials());
        return {
          accessKeyId: found.accessKeyId,
          isTemporary: found.sessionToken !== undefined,
          expiresMs: found.expiration?.getTime(),
        };
      },
      async discoverEndpoint(service, signal) {
        const { Endpoints } = await ask('DescribeEndpoints', signal, () =>
          service === 'write'
            ? writeClient.send(new DescribeEndpointsCommand({}), { abortSignal: signal })
            : queryClient.send(new DescribeQueryEndpointsCommand({}), { abortSignal: signal }),
        );
        const address = Endpoints?.[0]?.Address;
        if (address === undefined) throw new ConnectorError('malformed-answer', 'DescribeEndpoints: an answer without an endpoint');
        return address;
      },
      async assertDatabase(signal) {
        await ask('DescribeDatabase', signal, () =>
          writeClient.send(new DescribeDatabaseCommand({ DatabaseName: config.defaultDatabase }), { abortSignal: signal }),
        );
      },
      async describeTable(signal) {
        const { Table } = await ask('DescribeTable', signal, () =>
          writeClient.send(new DescribeTableCommand(names), { abortSignal: signal }),
        );
        if (Table?.RetentionProperties === undefined)
          throw new ConnectorError('malformed-answer', 'DescribeTable: an answer without the retention of the table');
        return {
          status: Table.TableStatus ?? 'unknown',
          arn: Table.Arn ?? '',
          memoryStoreRetentionHours: Table.RetentionProperties.MemoryStoreRetentionPeriodInHours ?? 0,
          magneticStoreRetentionDays: Table.RetentionProperties.MagneticStoreRetentionPeriodInDays ?? 0,
          magneticStoreWrites: Table.MagneticStoreWriteProperties?.EnableMagneticStoreWrites ?? false,
          partitionKey: partitionKeyOf(Table.Schema?.CompositePartitionKey?.[0]),
        };
      },
      createDatabase: (signal) =>
        createUnlessThere('CreateDatabase', signal, () =>
          writeClient.send(new CreateDatabaseCommand({ DatabaseName: config.defaultDatabase }), { abortSignal: signal }),
        ),
      createTable: ({ partitionKey, ...table }, signal) =>
        createUnlessThere('CreateTable', signal, () =>
          writeClient.send(
            new CreateTableCommand({
              ...names,
              RetentionProperties: {
                MemoryStoreRetentionPeriodInHours: table.memoryStoreRetentionHours,
                MagneticStoreRetentionPeriodInDays: table.magneticStoreRetentionDays,
              },
              MagneticStoreWriteProperties: { EnableMagneticStoreWrites: table.magneticStoreWrites },
              ...(partitionKey.kind === 'measure'
                ? {}
                : {
                    Schema: {
                      CompositePartitionKey: [
                        {
                          Type: 'DIMENSION' as const,
                          Name: partitionKey.name,
                          EnforcementInRecord: partitionKey.isRequired ? ('REQUIRED' as const) : ('OPTIONAL' as const),
                        },
                      ],
                    },
                  }),
            }),
            { abortSignal: signal },
          ),
        ),
      async startAndCancelQuery(sql, signal) {
        const { QueryId } = await ask('Query', signal, () =>
          queryClient.send(new QueryCommand({ QueryString: sql }), { abortSignal: signal }),
        );
        try {
          await ask('CancelQuery', signal, () => queryClient.send(new CancelQueryCommand({ QueryId }), { abortSignal: signal }));
        } catch (error) {
          // A query that has ended cannot be cancelled, and Timestream says so only to who may.
          if (!(error instanceof ConnectorError) || !isOfEndedQuery(error)) throw error;
        }
      },
      close() {
        writeClient.destroy();
        queryClient.destroy();
      },
    };
  };
}

function isOfEndedQuery({ code, cause }: ConnectorError): boolean {
  return code === 'timestream-refused-query' || (cause instanceof Error && cause.name === 'ConflictException');
}

function partitionKeyOf(key: SdkPartitionKey | undefined): TableDescription['partitionKey'] {
  if (key?.Type !== 'DIMENSION' || key.Name === undefined) return { kind: 'measure' };
  return { kind: 'dimension', name: key.Name, isRequired: key.EnforcementInRecord === 'REQUIRED' };
}

/** Half of the second to which the header `Date` is exact. */
const HALF_SECOND_MS = 500;

/** Every answer, a refusal too, has the time of the service in its header `Date`. Milliseconds since the Unix epoch. */
function timeOfAnswer(response: unknown): number | undefined {
  const headers: unknown = typeof response === 'object' && response !== null && 'headers' in response ? response.headers : undefined;
  const date: unknown = typeof headers === 'object' && headers !== null && 'date' in headers ? headers.date : undefined;
  const serviceMs = typeof date === 'string' ? Date.parse(date) + HALF_SECOND_MS : Number.NaN;
  return Number.isFinite(serviceMs) ? serviceMs : undefined;
}
