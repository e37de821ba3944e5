import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { open, readFile, type FileHandle } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  createBlockSource,
  createRemoteSource,
  createTextSource,
  parseSelector,
  type BlockFiles,
  type SampleSource,
} from '@timestream-prometheus/connector/operations';
import type { CommandInput } from './command-definition.js';
import { openUrl } from './open-url.js';
import type { ProgramHost } from './program-host.js';
import { fileError, StartupError } from './startup-error.js';
import { parseTimeMs } from './time-options.js';

/** Indices are held whole; those of a block of millions of series are some hundred megabytes. */
const MAX_INDEX_BYTES = 2 ** 31 - 1;

export interface OpenedSource {
  readonly source: SampleSource;
  readonly description: string;
  close(): Promise<void>;
}

/**
 * What a person names: a file with text, a block, a folder with blocks, or the address of a server.
 *
 * @throws StartupError, ConfigError, ConnectorError
 */
export async function openSource(name: string, input: CommandInput, host: ProgramHost): Promise<OpenedSource> {
  if (/^https?:\/\//.test(name)) return openRemote(name, input, host);
  let isFolder: boolean;
  try {
    isFolder = statSync(name).isDirectory();
  } catch (error) {
    throw fileError(error, 'source', name);
  }
  if (!isFolder) return openText(name);
  const folders = existsSync(join(name, 'meta.json'))
    ? [name]
    : readdirSync(name)
        .map((entry) => join(name, entry))
        .filter((folder) => existsSync(join(folder, 'meta.json')) && existsSync(join(folder, 'index')));
  if (folders.length === 0) throw new StartupError(`${name}: there is no block in it (a folder with meta.json, index and chunks)`);
  const blocks = folders.map(openBlock);
  const count = `${blocks.length} ${blocks.length === 1 ? 'block' : 'blocks'}`;
  return {
    source: createBlockSource(blocks),
    description: `${count} of ${name}`,
    close: async () => {
      for (const block of blocks) await block.close();
    },
  };
}

function openText(name: string): OpenedSource {
  const { size, mtimeMs } = statSync(name);
  return {
    source: createTextSource({
      name,
      sizeBytes: size,
      version: `${size} ${mtimeMs}`,
      read: (fromByte) => createReadStream(name, { start: fromByte, highWaterMark: 1 << 18 }) as AsyncIterable<Uint8Array>,
    }),
    description: name,
    close: () => Promise.resolve(),
  };
}

function openBlock(folder: string): BlockFiles & { close(): Promise<void> } {
  const meta = readMeta(folder);
  const segments = new Map<number, Promise<FileHandle>>();
  return {
    name: basename(folder),
    ...meta,
    async readIndex() {
      const file = join(folder, 'index');
      const { size } = statSync(file);
      if (size > MAX_INDEX_BYTES) throw new Error(`its index is over ${MAX_INDEX_BYTES} bytes`);
      return readFile(file);
    },
    readTombstones: async () => {
      const file = join(folder, 'tombstones');
      return existsSync(file) ? await readFile(file) : undefined;
    },
    async readSegment(segment, offset, length) {
      let opened = segments.get(segment);
      if (opened === undefined) {
        // Prometheus numbers them from 1, with six digits.
        opened = open(join(folder, 'chunks', String(segment + 1).padStart(6, '0')));
        segments.set(segment, opened);
      }
      const bytes = Buffer.alloc(length);
      const { bytesRead } = await (await opened).read(bytes, 0, length, offset);
      return bytes.subarray(0, bytesRead);
    },
    async close() {
      for (const opened of segments.values()) await opened.then((file) => file.close()).catch(() => undefined);
    },
  };
}

function readMeta(folder: string): { readonly sampleCount: number; readonly minTimeMs: number } {
  try {
    const meta = JSON.parse(readFileSync(join(folder, 'meta.json'), 'utf8')) as {
      readonly minTime?: unknown;
      readonly stats?: { readonly numSamples?: unknown };
    };
    return { sampleCount: Number(meta.stats?.numSamples ?? 0), minTimeMs: Number(meta.minTime ?? 0) };
  } catch (error) {
    throw new StartupError(`${folder}: its meta.json cannot be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function openRemote(address: string, input: CommandInput, host: ProgramHost): Promise<OpenedSource> {
  const { own } = input;
  const remote = await openUrl(address, input, host);
  const nowMs = Date.now();
  const fromMs = parseTimeMs(own['start'] as string, nowMs);
  const toMs = parseTimeMs(own['end'] as string, nowMs);
  return {
    source: createRemoteSource({
      target: { ...remote, path: '/api/v1/read' },
      identity: [remote.baseUrl, own['match'], own['start'], own['end']].join(' '),
      matchers: parseSelector(own['match'] as string),
      fromMs,
      toMs,
      windowMs: own['window'] as number,
    }),
    description: `${remote.baseUrl}, ${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`,
    close: () => Promise.resolve(),
  };
}
