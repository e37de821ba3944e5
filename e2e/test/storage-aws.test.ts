import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { destinationArguments } from '../harness/destination-arguments.js';
import { eventually, startChildProgram, type ChildProgram } from '../harness/child-program.js';
import { canonical, expectSameInstant } from '../harness/compare-answers.js';
import { freePort } from '../harness/free-port.js';
import { isMissing } from '../harness/requirements.js';
import { accessKeyId, makeFolder, secretAccessKey, startConnector, type RunningConnector } from '../harness/start-connector.js';
import { scrapeJob, startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';

const embeddedProgram = fileURLToPath(new URL('../../packages/timestream-embedded/dist/main.js', import.meta.url));

/** Written with every series; asked for by an equality that the reading Prometheus adds to every selector, and taken off its answers again. */
const externalLabels = { cluster: 'c1', replica: "it's 1" };

describe.skipIf(isMissing('prometheus')).each([
  ['Basic credentials of each request', ['--enable-sigv4-auth=false'], {}],
  [
    "the server's own AWS credentials",
    ['--enable-sigv4-auth=true'],
    { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
  ],
])('--storage=aws with base endpoints at a Timestream that runs by its own command, with %s', (_name, extraArguments, env) => {
  let timestream: ChildProgram;
  let connector: RunningConnector;
  let writer: RunningPrometheus;
  let reader: RunningPrometheus;

  beforeAll(async () => {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    timestream = startChildProgram(process.execPath, [
      embeddedProgram,
      `--listen-address=127.0.0.1:${port}`,
      `--data-dir=${makeFolder('timestream')}`,
      `--credentials=${accessKeyId}:${secretAccessKey}`,
      '--create=metrics.samples',
    ]);
    await eventually('the embedded Timestream', async () => (await fetch(endpoint).catch(() => undefined)) !== undefined);
    connector = await startConnector({
      storage: 'aws',
      env,
      extraArguments: [
        ...destinationArguments({ url: endpoint, database: 'metrics', table: 'samples' }),
        '--region=us-east-1',
        ...extraArguments,
      ],
    });
    writer = await startPrometheus({
      scrapeConfigs: scrapeJob('prometheus', '$SELF'),
      remoteWriteUrl: `${connector.url}/write`,
      externalLabels,
    });
    reader = await startPrometheus({ remoteReadUrl: `${connector.url}/read`, externalLabels });
  });

  afterAll(async () => {
    await Promise.all([writer.program.stop(), reader.program.stop()]);
    await connector.program.stop();
    await timestream.stop();
  });

  it('gives back what Prometheus wrote', async () => {
    await eventually('five scrapes', async () => {
      const result = (await writer.queryInstant('count_over_time(up[1m])')) as { value: [number, string] }[];
      return Number(result[0]?.value[1] ?? 0) >= 5;
    });
    const endSeconds = Math.floor(Date.now() / 1000) - 1;
    await eventually('the last samples', async () => {
      const [written, read] = await Promise.all([writer.queryInstant('up[1m]', endSeconds), reader.queryInstant('up[1m]', endSeconds)]);
      return JSON.stringify(canonical(written)) === JSON.stringify(canonical(read));
    });
    await expectSameInstant(writer, reader, '{job="prometheus"}[1m]', endSeconds);
  });
});
