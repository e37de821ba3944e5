import type { AddressInfo } from 'node:net';
import { METRIC_CATALOGUE, createConnector, openAwsStorage, parseConfig } from '@timestream-prometheus/connector';
import { connectorContract } from '@timestream-prometheus/connector-testing';
import { startEmbeddedTimestream } from '@timestream-prometheus/timestream-embedded';
import { buildServer, createPrometheusMetrics } from '../src/index.js';
import { send, silentLogger } from './running-server.js';

connectorContract('over HTTP', async (flags) => {
  const key = { accessKeyId: 'AKIAEXAMPLEACCESSKEY', secretAccessKey: 'example/secret+access/key' };
  const timestream = await startEmbeddedTimestream({
    credentials: [key],
    create: [{ databaseName: 'metrics', tableName: 'samples' }],
  });
  async function start(more: Readonly<Record<string, string>>) {
    const config = parseConfig({
      flags: {
        'default-database': 'metrics',
        'default-table': 'samples',
        'write-base-endpoint': timestream.url,
        'query-base-endpoint': timestream.url,
        ...flags,
        ...more,
      },
      env: {},
      defaultsFor: 'server',
    });
    const metrics = createPrometheusMetrics(METRIC_CATALOGUE);
    const openStorage = openAwsStorage(config, { logger: silentLogger, metrics: metrics.sink });
    const connector = createConnector({ config, openStorage, logger: silentLogger, metrics: metrics.sink });
    const app = buildServer({ connector, config, metrics, logger: silentLogger });
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    return {
      port,
      async close() {
        await app.close();
        await connector.close();
      },
    };
  }
  let running = await start({});
  return {
    key,
    faults: timestream.faults,
    async send(request) {
      const { status, headers, body } = await send(running.port, request);
      return { status, headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])), body };
    },
    async restart(more) {
      await running.close();
      running = await start(more);
    },
    async close() {
      await running.close();
      await timestream.close();
    },
  };
});
