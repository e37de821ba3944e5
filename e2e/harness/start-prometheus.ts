import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { eventually, startChildProgram, type ChildProgram } from './child-program.js';
import { freePort } from './free-port.js';
import { createPrometheusApi, type PrometheusApi } from './prometheus-api.js';
import { accessKeyId, makeFolder, secretAccessKey } from './start-connector.js';

export interface RunningPrometheus extends PrometheusApi {
  readonly port: number;
  readonly program: ChildProgram;
}

export interface PrometheusOptions {
  /** The `prometheus` on PATH if not given. */
  readonly prometheusProgram?: string;
  /** YAML below `scrape_configs:`; `$SELF` stands for the address of this Prometheus. */
  readonly scrapeConfigs?: string;
  readonly remoteWriteUrl?: string;
  readonly remoteReadUrl?: string;
  /** YAML lines, indented by two spaces, that are added to the remote_write entry. */
  readonly remoteWriteExtra?: string;
  readonly externalLabels?: Readonly<Record<string, string>>;
  readonly extraArguments?: readonly string[];
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
}

function configurationText(options: PrometheusOptions): string {
  const auth = `  basic_auth:\n    username: ${JSON.stringify(options.user ?? accessKeyId)}\n    password: ${JSON.stringify(options.password ?? secretAccessKey)}\n`;
  const labels = Object.entries(options.externalLabels ?? {}).map(([name, value]) => `    ${name}: ${JSON.stringify(value)}\n`);
  return [
    'global:\n  scrape_interval: 1s\n  scrape_timeout: 1s\n',
    labels.length > 0 ? `  external_labels:\n${labels.join('')}` : '',
    options.scrapeConfigs === undefined ? '' : `scrape_configs:\n${options.scrapeConfigs}\n`,
    options.remoteWriteUrl === undefined
      ? ''
      : `remote_write:\n- url: ${options.remoteWriteUrl}\n${auth}  queue_config:\n    batch_send_deadline: 500ms\n    max_backoff: 500ms\n${options.remoteWriteExtra ?? ''}`,
    options.remoteReadUrl === undefined ? '' : `remote_read:\n- url: ${options.remoteReadUrl}\n  read_recent: true\n${auth}`,
  ].join('');
}

/** A scrape job in YAML. */
export function scrapeJob(name: string, ...targets: readonly string[]): string {
  return `- job_name: ${name}\n  static_configs:\n  - targets: ${JSON.stringify(targets)}`;
}

/** Starts a real Prometheus on loopback with a folder of its own, and waits until it is ready. */
export async function startPrometheus(options: PrometheusOptions): Promise<RunningPrometheus> {
  const port = options.port ?? (await freePort());
  const folder = makeFolder('prometheus');
  const configFile = path.join(folder, 'prometheus.yml');
  writeFileSync(configFile, configurationText(options).replaceAll('$SELF', `127.0.0.1:${port}`));
  const program = startChildProgram(options.prometheusProgram ?? 'prometheus', [
    `--config.file=${configFile}`,
    `--storage.tsdb.path=${path.join(folder, 'tsdb')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
    ...(options.extraArguments ?? []),
  ]);
  const url = `http://127.0.0.1:${port}`;
  try {
    await eventually('the readiness of Prometheus', async () => {
      if (program.hasExited()) throw new Error(`prometheus ended: ${program.output()}`);
      return (await fetch(`${url}/-/ready`)).status === 200;
    });
  } catch (error) {
    await program.kill();
    throw error;
  }
  return { ...createPrometheusApi(url), port, program };
}
