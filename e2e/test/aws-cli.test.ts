import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queryByAwsCli, runAwsCli } from '../harness/aws-cli.js';
import { eventually } from '../harness/child-program.js';
import { isMissing } from '../harness/requirements.js';
import { startConnector, type RunningConnector } from '../harness/start-connector.js';
import { scrapeJob, startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';

const countStatement = 'SELECT count() FROM PrometheusDatabase.PrometheusMetricsTable';

describe.skipIf(isMissing('awsCli') || isMissing('prometheus'))("the user guide's verification with the real aws command line", () => {
  let connector: RunningConnector;
  let timestreamUrl: string;
  let prometheus: RunningPrometheus;

  beforeAll(async () => {
    connector = await startConnector();
    timestreamUrl = connector.timestreamUrl ?? '';
  });

  afterAll(async () => {
    await prometheus.program.stop();
    await connector.program.stop();
  });

  it('finds the database and the table, and no row before Prometheus writes', async () => {
    expect(await runAwsCli(timestreamUrl, ['timestream-write', 'list-databases'])).toContain('PrometheusDatabase');
    const table = await runAwsCli(timestreamUrl, [
      'timestream-write',
      'describe-table',
      '--database-name',
      'PrometheusDatabase',
      '--table-name',
      'PrometheusMetricsTable',
    ]);
    expect(table).toContain('"MemoryStoreRetentionPeriodInHours": 12');
    expect(await queryByAwsCli(timestreamUrl, countStatement)).toEqual([['0']]);
  });

  it('sees the count grow once Prometheus writes', async () => {
    prometheus = await startPrometheus({
      scrapeConfigs: scrapeJob('prometheus', '$SELF'),
      remoteWriteUrl: `${connector.url}/write`,
      remoteReadUrl: `${connector.url}/read`,
    });
    const count = async (): Promise<number> => Number((await queryByAwsCli(timestreamUrl, countStatement))[0]?.[0]);
    const first = await eventually('a first row', async () => (await count()) || undefined);
    expect(await eventually('more rows', async () => ((await count()) > first ? await count() : undefined))).toBeGreaterThan(first);
  });

  it('shows the hand-written temperature in PromQL', async () => {
    const record =
      '[{"Dimensions":[{"DimensionValueType": "VARCHAR", "Name": "job","Value": "prometheus"},{"DimensionValueType": "VARCHAR","Name": "instance","Value": "localhost:9090"}],"MeasureName":"prometheus_temperature","MeasureValue":"98.76","TimeUnit":"SECONDS","Time":"1694446844"}]';
    await runAwsCli(timestreamUrl, [
      'timestream-write',
      'write-records',
      '--database-name',
      'PrometheusDatabase',
      '--table-name',
      'PrometheusMetricsTable',
      '--records',
      record,
    ]);
    expect(await prometheus.queryInstant('prometheus_temperature[15d]', 1694446900)).toEqual([
      { metric: { __name__: 'prometheus_temperature', instance: 'localhost:9090', job: 'prometheus' }, values: [[1694446844, '98.76']] },
    ]);
  });

  it('reads pages, measures and columns as Amazon Timestream shows them', async () => {
    const rows = await queryByAwsCli(
      timestreamUrl,
      'SELECT measure_name, time FROM "PrometheusDatabase"."PrometheusMetricsTable" ORDER BY time LIMIT 2500',
    );
    expect(rows.length).toBeGreaterThan(1000);
    expect(
      await queryByAwsCli(
        timestreamUrl,
        'SHOW MEASURES FROM "PrometheusDatabase"."PrometheusMetricsTable" LIKE \'prometheus_temperature\'',
      ),
    ).toHaveLength(1);
    const columns = await queryByAwsCli(timestreamUrl, 'DESCRIBE "PrometheusDatabase"."PrometheusMetricsTable"');
    expect(columns).toContainEqual(['job', 'varchar', 'DIMENSION']);
    expect(columns).toContainEqual(['measure_value::double', 'double', 'MEASURE_VALUE']);
  });

  it('refuses a query signed with a wrong secret', async () => {
    await expect(
      runAwsCli(timestreamUrl, ['timestream-query', 'query', '--query-string', 'SELECT 1'], {
        accessKeyId: 'AKIAEXAMPLEACCESSKEY',
        secretAccessKey: 'wrong',
      }),
    ).rejects.toThrow(/signature|denied|invalid/i);
  });
});
