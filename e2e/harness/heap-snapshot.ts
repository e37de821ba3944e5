import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { eventually, type ChildProgram } from './child-program.js';
import { makeFolder } from './start-connector.js';

/** Lets a program of Node write what it holds, whenever it is asked; the program itself knows nothing of it. */
export interface HeapSnapshots {
  /** For the environment of the program. */
  readonly nodeOptions: string;
  /** Which of these texts stand in the program's heap, after a garbage collection. */
  find(program: Pick<ChildProgram, 'pid'>, texts: readonly string[]): Promise<readonly string[]>;
  remove(): void;
}

const SIGNAL = 'SIGUSR2';

/** A snapshot is written as JSON; this ends it, and nothing ends so before. */
const END = ']}';

export function createHeapSnapshots(): HeapSnapshots {
  const folder = makeFolder('heap');
  const files = () => readdirSync(folder).filter((name) => name.endsWith('.heapsnapshot'));
  function readWhole(): Buffer | undefined {
    const [name] = files();
    const bytes = name === undefined ? undefined : readFileSync(path.join(folder, name));
    return bytes !== undefined && isWhole(bytes) ? bytes : undefined;
  }
  return {
    nodeOptions: `--heapsnapshot-signal=${SIGNAL} --diagnostic-dir=${folder}`,
    async find({ pid }, texts) {
      process.kill(pid, SIGNAL);
      const bytes = await eventually('a snapshot of the heap', () => Promise.resolve(readWhole()), 60_000);
      for (const name of files()) rmSync(path.join(folder, name));
      return texts.filter((text) => bytes.includes(text));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function isWhole(bytes: Buffer): boolean {
  return bytes.subarray(-8).toString().trimEnd().endsWith(END) && bytes.includes('"strings":[');
}
