import { identifier } from '@timestream-prometheus/timestream-translator';
import type { Config } from '../../config/parse-config.js';
import { asConnectorError, ConnectorError } from '../../errors/connector-error.js';
import type { Clock, Credentials, RowSource } from '../../ports.js';
import type { Connector } from '../../seam.js';
import type { TableAdmin, TableDescription } from '../table-admin.js';
import { failed, ok, skipped, warning, type CheckName, type Finding } from './finding.js';
import { examineColumns, readColumns, readMetricNameCount } from './examine-columns.js';
import { destinationFlags, remediesOf } from './remedies.js';
import { writeAndReadSample } from './write-and-read-sample.js';

export interface TimestreamExamination {
  readonly config: Pick<Config, 'defaultDatabase' | 'defaultTable' | 'region' | 'writeBaseEndpoint' | 'queryBaseEndpoint' | 'storage'>;
  readonly credentials: Credentials;
  readonly admin: TableAdmin;
  readonly source: RowSource;
  readonly connector: Connector;
  /** The header with which the connector is asked; undefined where it has its own credentials. */
  readonly authorization: string | undefined;
  /** False: no sample is written. */
  readonly writesSample: boolean;
  readonly clock: Clock;
  readonly wait: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** A signature is refused when it is more than this old or ahead (Signature Version 4: 5 minutes). */
const MAX_CLOCK_DIFFERENCE_MS = 5 * 60_000;
/** Beyond the second to which the header `Date` is exact, and a slow answer. */
const NOTICEABLE_CLOCK_DIFFERENCE_MS = 20_000;

/** Looks at all that a connector needs of Timestream, one finding after the other; what cannot be known after a failure is left out. Never throws. */
export async function* examineTimestream(examination: TimestreamExamination): AsyncGenerator<Finding, void, undefined> {
  const { config, admin, source, signal } = examination;
  const failure = (check: CheckName, error: unknown): Finding => {
    const connectorError = asConnectorError(error);
    return failed(check, `${connectorError.code}: ${connectorError.message}`, ...remediesOf(connectorError, config));
  };

  try {
    yield ok('credentials', await describeCredentials(examination));
  } catch (error) {
    yield failure('credentials', error);
    return;
  }

  const endpointFailure = yield* examineEndpoints(examination, failure);
  yield* examineClock(admin);
  if (endpointFailure) return;

  let table: TableDescription | undefined;
  try {
    table = await admin.describeTable(signal);
    yield ok('permission', 'timestream:DescribeTable is allowed');
  } catch (error) {
    const { code } = asConnectorError(error);
    if (code === 'access-denied') {
      yield warning(
        'permission',
        'timestream:DescribeTable is denied: the connector works, but learns of a full table only from refused records, and the retention cannot be seen here',
        ...remediesOf(asConnectorError(error), config),
      );
    } else {
      yield* explainMissingTable(error, examination, failure);
      yield* examineClock(admin, 'only if wrong');
      return;
    }
  }
  yield* examineClock(admin, 'only if wrong');
  if (table !== undefined) yield* examineTable(table, examination);

  const selectName = `${identifier(config.defaultDatabase)}.${identifier(config.defaultTable)}`;
  let canSelect = false;
  try {
    const columns = await readColumns(source, selectName, signal);
    canSelect = true;
    yield ok('permission', 'timestream:Select is allowed');
    yield* examineColumns(columns, config);
    yield* await readMetricNameCount(source, selectName, signal);
  } catch (error) {
    yield permissionFinding('timestream:Select', error, failure);
  }
  if (canSelect) {
    try {
      await admin.startAndCancelQuery(`SELECT 1 FROM ${selectName} LIMIT 1`, signal);
      yield ok('permission', 'timestream:CancelQuery is allowed');
    } catch (error) {
      const connectorError = asConnectorError(error);
      yield connectorError.code === 'access-denied'
        ? warning(
            'permission',
            'timestream:CancelQuery is denied: a query whose client has gone runs on, and is paid for',
            ...remediesOf(connectorError, config),
          )
        : failure('permission', error);
    }
  }
  if (!examination.writesSample) {
    yield skipped('sample', 'no sample was written (--write-sample=false), so nothing is known of timestream:WriteRecords');
    return;
  }
  yield* writeAndReadSample({ ...examination, canRead: canSelect });
}

async function describeCredentials({ admin, config, clock }: TimestreamExamination): Promise<string> {
  const { accessKeyId, isTemporary, expiresMs } = await admin.findCredentials();
  if (config.storage === 'embedded') return `access key ${accessKeyId} of the embedded Timestream`;
  const kind = isTemporary ? 'temporary credentials' : 'a permanent access key';
  const minutesLeft = expiresMs === undefined ? undefined : Math.round((expiresMs - clock.nowMs()) / 60_000);
  if (minutesLeft !== undefined && minutesLeft <= 0) {
    throw new ConnectorError('invalid-credentials', `the session of ${accessKeyId} ended ${-minutesLeft} minutes ago`);
  }
  return `${kind}, ${accessKeyId}${minutesLeft === undefined ? '' : `, ${minutesLeft} minutes left`}`;
}

/** @returns whether nothing else can work */
async function* examineEndpoints(
  { config, admin, signal }: TimestreamExamination,
  failure: (check: CheckName, error: unknown) => Finding,
): AsyncGenerator<Finding, boolean, undefined> {
  const { region, writeBaseEndpoint, queryBaseEndpoint } = config;
  const given = [writeBaseEndpoint, queryBaseEndpoint].filter((endpoint) => endpoint !== '');
  if (given.length === 2) {
    yield ok('endpoint', `as given: ${[...new Set(given)].join(' and ')}, signed for ${region}; endpoint discovery is off`);
    return false;
  }
  try {
    for (const service of ['write', 'query'] as const) {
      const isGiven = (service === 'write' ? writeBaseEndpoint : queryBaseEndpoint) !== '';
      if (!isGiven) yield ok('endpoint', `${service}: ${await admin.discoverEndpoint(service, signal)}, in ${region}`);
    }
    yield ok('permission', 'timestream:DescribeEndpoints is allowed');
    return false;
  } catch (error) {
    yield permissionFinding('timestream:DescribeEndpoints', error, (_check, other) => failure('endpoint', other), failure);
    return true;
  }
}

function permissionFinding(
  action: string,
  error: unknown,
  failure: (check: CheckName, error: unknown) => Finding,
  denied: (check: CheckName, error: unknown) => Finding = failure,
): Finding {
  if (asConnectorError(error).code !== 'access-denied') return failure('permission', error);
  const finding = denied('permission', error);
  return { ...finding, found: `${action} is denied. ${finding.found}` };
}

function* examineClock(admin: TableAdmin, when: 'always' | 'only if wrong' = 'always'): Generator<Finding, void, undefined> {
  const leadMs = admin.clockLeadMs;
  if (leadMs === undefined) return;
  const seconds = Math.round(Math.abs(leadMs) / 1000);
  const text = `the clock of this machine is ${seconds} s ${leadMs > 0 ? 'behind' : 'ahead of'} that of the service`;
  const remedy = 'Set the clock: timedatectl set-ntp true';
  if (Math.abs(leadMs) > MAX_CLOCK_DIFFERENCE_MS) {
    yield failed('clock', `${text}: requests signed with it are refused (more than 5 minutes)`, remedy);
  } else if (Math.abs(leadMs) > NOTICEABLE_CLOCK_DIFFERENCE_MS) {
    yield warning('clock', `${text}; beyond 5 minutes requests are refused`, remedy);
  } else if (when === 'always') yield ok('clock', `within ${NOTICEABLE_CLOCK_DIFFERENCE_MS / 1000} s of that of the service`);
}

/** A missing table and a missing database are one error of Timestream; which one it is decides what to do. */
async function* explainMissingTable(
  error: unknown,
  { config, admin, signal }: TimestreamExamination,
  failure: (check: CheckName, error: unknown) => Finding,
): AsyncGenerator<Finding, void, undefined> {
  if (asConnectorError(error).code !== 'destination-not-found') {
    yield failure('table', error);
    return;
  }
  const remedy = `Make it: timestream-prometheus table create ${destinationFlags(config)}`;
  try {
    await admin.assertDatabase(signal);
    yield ok('database', `${config.defaultDatabase} is there`);
    yield failed('table', `there is no table ${config.defaultTable} in ${config.defaultDatabase}, ${config.region}`, remedy);
  } catch (databaseError) {
    yield asConnectorError(databaseError).code === 'destination-not-found'
      ? failed('database', `there is no database ${config.defaultDatabase} in ${config.region}; or it is in another region`, remedy)
      : failed('table', `there is no table ${config.defaultTable} in ${config.region}, or no database ${config.defaultDatabase}`, remedy);
  }
}

function* examineTable(table: TableDescription, { config }: TimestreamExamination): Generator<Finding, void, undefined> {
  const name = `${config.defaultDatabase}.${config.defaultTable}`;
  if (table.status !== 'ACTIVE') {
    yield failed('table', `${name} is ${table.status}`, 'Wait until it is ACTIVE');
    return;
  }
  yield ok('table', `${name} is ACTIVE`);
  const retention = `${table.memoryStoreRetentionHours} h in the memory store, ${table.magneticStoreRetentionDays} days in the magnetic store`;
  if (table.magneticStoreWrites) yield ok('retention', `${retention}; late samples go to the magnetic store`);
  else {
    yield warning(
      'retention',
      `${retention}; magnetic-store writes are off: samples older than ${table.memoryStoreRetentionHours} h are refused, so an outage or an import loses them`,
      `aws timestream-write update-table --region ${config.region} --database-name ${config.defaultDatabase} --table-name ${config.defaultTable} --magnetic-store-write-properties EnableMagneticStoreWrites=true`,
    );
  }
  const { partitionKey } = table;
  if (partitionKey.kind === 'measure') yield ok('partition key', 'by measure name, which is the metric name');
  else if (partitionKey.isRequired) {
    yield warning(
      'partition key',
      `the dimension ${partitionKey.name} is required: every sample without the label ${partitionKey.name} is refused`,
      'It cannot be changed: give every series that label (relabeling, external_labels), or use another table',
    );
  } else yield ok('partition key', `the dimension ${partitionKey.name}`);
}
