import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../harness/child-program.js';
import { canonical, expectSameInstant } from '../harness/compare-answers.js';
import { isMissing } from '../harness/requirements.js';
import { startConnector, type RunningConnector } from '../harness/start-connector.js';
import { scrapeJob, startPrometheus, type RunningPrometheus } from '../harness/start-prometheus.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe.skipIf(isMissing('prometheus'))('the whole process killed with -9 while Prometheus writes', () => {
  let connector: RunningConnector;
  let writer: RunningPrometheus;
  let reader: RunningPrometheus;

  beforeAll(async () => {
    connector = await startConnector();
    writer = await startPrometheus({ scrapeConfigs: scrapeJob('prometheus', '$SELF'), remoteWriteUrl: `${connector.url}/write` });
    reader = await startPrometheus({ remoteReadUrl: `${connector.url}/read` });
  });

  afterAll(async () => {
    await Promise.all([writer.program.stop(), reader.program.stop()]);
    await connector.program.stop();
  });

  it('loses and doubles no sample over three kills: the reader has each sample of the writer once', async () => {
    const { port, timestreamPort, dataDir } = connector;
    for (let round = 0; round < 3; round += 1) {
      await pause(4_000 + 700 * round);
      await connector.program.kill();
      await pause(1_500);
      connector = await startConnector({ port, timestreamPort, dataDir });
    }
    await pause(4_000);
    const endSeconds = Math.floor(Date.now() / 1000) - 1;
    const everything = '{job="prometheus"}[5m]';
    await eventually(
      'the catching up of remote write',
      async () => {
        const [written, read] = await Promise.all([
          writer.queryInstant(everything, endSeconds),
          reader.queryInstant(everything, endSeconds),
        ]);
        return JSON.stringify(canonical(written)) === JSON.stringify(canonical(read));
      },
      60_000,
      500,
    );
    await expectSameInstant(writer, reader, everything, endSeconds);
    const dropped = (await writer.queryInstant(
      'sum(prometheus_remote_storage_samples_dropped_total) + sum(prometheus_remote_storage_samples_failed_total)',
    )) as { value: [number, string] }[];
    expect(dropped[0]?.value[1]).toBe('0');
  });
});
