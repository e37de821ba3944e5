/* oxlint-disable typescript/no-floating-promises -- node:test waits for what it is given */
// npm install --save-dev @timestream-prometheus/timestream-embedded @aws-sdk/client-timestream-query @aws-sdk/client-timestream-write
import { QueryCommand, TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { TimestreamWriteClient, WriteRecordsCommand } from '@aws-sdk/client-timestream-write';
import { startEmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import assert from 'node:assert';
import { after, test } from 'node:test';

const credentials = { accessKeyId: 'local', secretAccessKey: 'secret' };
const server = await startEmbeddedTimestream({ credentials: [credentials], create: [{ databaseName: 'db', tableName: 't' }] });
const options = { endpoint: server.url, region: 'us-east-1', credentials };
const [write, query] = [new TimestreamWriteClient(options), new TimestreamQueryClient(options)];
after(async () => {
  write.destroy();
  query.destroy();
  await server.close();
});

test('what was written is found', async () => {
  const record = { Dimensions: [{ Name: 'host', Value: 'a' }], MeasureName: 'cpu', MeasureValue: '1.5', Time: String(Date.now()) };
  await write.send(new WriteRecordsCommand({ DatabaseName: 'db', TableName: 't', Records: [record] }));
  const { Rows } = await query.send(new QueryCommand({ QueryString: 'SELECT max(measure_value::double) FROM db.t' }));
  assert.equal(Rows[0].Data[0].ScalarValue, '1.5');
});
