import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, startChildProgram, type ChildProgram } from './child-program.js';
import { freePort } from './free-port.js';
import { accessKeyId, secretAccessKey } from './start-connector.js';

const embeddedProgram = fileURLToPath(new URL('../../packages/timestream-embedded/dist/main.js', import.meta.url));

/** How far a file may still grow on a disk that is called full: enough to open the database. */
const SPACE_LEFT_BYTES = 128 * 1024;

export interface TimestreamProcess {
  readonly url: string;
  /** `kill -9`, then a new process over the same files; its clock is right, whatever the one before it had. */
  killAndStart(choices?: { readonly isDiskFull?: boolean }): Promise<void>;
  advanceClock(byMs: number): Promise<void>;
  /** Forgets all data, and has the empty table again. */
  reset(): Promise<void>;
  /** Writes that failed because the disk was full, over all processes that have ended. */
  failedForFullDisk(): number;
  stop(): Promise<void>;
}

export interface TimestreamKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface TimestreamProcessOptions {
  /** Undefined: in memory. */
  readonly dataDir?: string;
  readonly database: string;
  readonly table: string;
  /** Default: the key of the connector's tests. */
  readonly credentials?: TimestreamKey;
  /** Further keys that are good as well. */
  readonly otherCredentials?: readonly TimestreamKey[];
}

/** An embedded Timestream in a process of its own, always at the same address. */
export async function createTimestreamProcess({
  dataDir,
  database,
  table,
  credentials = { accessKeyId, secretAccessKey },
  otherCredentials = [],
}: TimestreamProcessOptions): Promise<TimestreamProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const ended: string[] = [];
  let program = await start(false);

  async function start(isDiskFull: boolean): Promise<ChildProgram> {
    const command = [
      process.execPath,
      embeddedProgram,
      `--listen-address=127.0.0.1:${port}`,
      ...(dataDir === undefined ? [] : [`--data-dir=${dataDir}`]),
      ...[credentials, ...otherCredentials].map(
        (key) =>
          `--credentials=${[key.accessKeyId, key.secretAccessKey, ...(key.sessionToken === undefined ? [] : [key.sessionToken])].join(':')}`,
      ),
      `--create=${database}.${table}`,
      '--control',
    ];
    // A limit of the size of files needs no disk of its own and no rights: what is written beyond it fails with EFBIG, as ENOSPC would.
    const started = isDiskFull
      ? startChildProgram('sh', [
          '-c',
          `ulimit -f ${Math.ceil(((dataDir === undefined ? 0 : largestFileBytes(dataDir)) + SPACE_LEFT_BYTES) / 512)}; exec "$@"`,
          'sh',
          ...command,
        ])
      : startChildProgram(command[0] ?? '', command.slice(1));
    await eventually(`the embedded Timestream (its output so far: ${started.output()})`, async () => {
      if (started.hasExited()) throw new Error(`it ended: ${started.output()}`);
      return (await fetch(`${url}/_timestream/health`).catch(() => undefined))?.ok;
    });
    return started;
  }

  async function control(name: string, request: object): Promise<void> {
    const answer = await fetch(`${url}/_timestream/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
    });
    if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
  }

  return {
    url,
    async killAndStart({ isDiskFull = false } = {}) {
      await program.kill();
      ended.push(program.output());
      program = await start(isDiskFull);
    },
    advanceClock: (byMs) => control('clock', { advanceMs: byMs }),
    reset: () => control('reset', {}),
    failedForFullDisk: () => [...ended, program.output()].join('').match(/File too large/g)?.length ?? 0,
    async stop() {
      await program.stop();
    },
  };
}

function largestFileBytes(folder: string): number {
  return Math.max(0, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => statSync(path.join(folder, name)).size));
}
