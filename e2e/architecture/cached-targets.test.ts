import { execFileSync } from 'node:child_process';
import { appendFileSync, cpSync, existsSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProjectGraph } from '@nx/devkit';
import ts from 'typescript';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const repositoryRoot = fileURLToPath(new URL('../..', import.meta.url));

/** What this file needs of nx' own answer to "which files does a target read?"; `nx show target inputs` is made of it. */
interface InputsOfTarget {
  inspectTaskInputs(target: { project: string; target: string }): Record<string, { readonly files: readonly string[] }>;
}

const trackedFiles = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: repositoryRoot,
  encoding: 'utf8',
})
  .split('\n')
  .filter(Boolean);

/** Every configuration of a project that checks without building; scripts/ checks those of the root and of bench/ as well. */
const checkingConfigurations = (project: string): readonly string[] => [
  ...trackedFiles.filter((file) => file.startsWith(`${project}/`) && path.basename(file) === 'tsconfig.json'),
  ...(project === 'scripts' ? ['tsconfig.json', 'bench/tsconfig.json'] : []),
];

/** The TypeScript configurations that each cached target compiles with. Another cached target has to be listed here. */
const configurationsOf: Partial<Record<string, (project: string) => readonly string[]>> = {
  build: (project) => [`${project}/tsconfig.build.json`],
  typecheck: checkingConfigurations,
};

describe('a target whose result is remembered', () => {
  let graph: ProjectGraph;
  let nxInputs: InputsOfTarget;

  beforeAll(async () => {
    process.env['NX_DAEMON'] = 'false';
    const nxRequire = createRequire(import.meta.url);
    const { createProjectGraphAsync } = await import('@nx/devkit');
    graph = await createProjectGraphAsync({ exitOnError: false });
    const { HashPlanInspector } = nxRequire(path.join(repositoryRoot, 'node_modules/nx/dist/src/hasher/hash-plan-inspector.js')) as {
      HashPlanInspector: new (graph: ProjectGraph, root: string) => InputsOfTarget & { init(): Promise<void> };
    };
    const inspector = new HashPlanInspector(graph, repositoryRoot);
    await inspector.init();
    nxInputs = inspector;
  });

  it('is never a test', () => {
    const remembered = Object.values(graph.nodes).filter((node) => node.data.targets?.['test']?.cache === true);
    expect(remembered.map(({ name }) => name)).toEqual([]);
  });

  it('names every file that it reads', () => {
    const unnamed: string[] = [];
    let compared = 0;
    for (const node of Object.values(graph.nodes)) {
      const { name } = node;
      const project = node.data;
      for (const [target, { cache }] of Object.entries(project.targets ?? {})) {
        if (cache !== true) continue;
        const configurations = configurationsOf[target];
        if (configurations === undefined) throw new Error(`${name}:${target} is cached: say in this test what it reads`);
        const inputs = new Set(Object.values(nxInputs.inspectTaskInputs({ project: name, target })).flatMap(({ files }) => files));
        for (const file of configurations(project.root).flatMap(filesReadWith)) {
          compared += 1;
          if (!inputs.has(madeFrom(file))) unnamed.push(`${name}:${target} reads ${file}`);
        }
      }
    }
    expect(unnamed).toEqual([]);
    expect(compared).toBeGreaterThan(1000);
  }, 240_000);
});

/** What is built stands for what it is built from: the sources of a package, all of which its build has as inputs. */
const madeFrom = (file: string): string => file.replace(/^(packages\/[^/]+)\/dist\/.*$/, '$1/tsconfig.build.json');

const parsedFiles = new Map<string, ts.SourceFile | undefined>();

/** The files of the repository that TypeScript reads with a configuration, the configuration itself and what it extends included. */
function filesReadWith(configurationFile: string): readonly string[] {
  const read = new Set<string>();
  const note = (file: string): void => {
    const relative = path.relative(repositoryRoot, realpathSync(file));
    if (!relative.startsWith('..') && !relative.includes('node_modules')) read.add(relative);
  };
  const parsed = ts.getParsedCommandLineOfConfigFile(path.join(repositoryRoot, configurationFile), undefined, {
    ...ts.sys,
    readFile: (file) => {
      note(file);
      return ts.sys.readFile(file);
    },
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, '\n'));
    },
  });
  if (parsed === undefined) throw new Error(`${configurationFile} is no configuration`);
  const host = ts.createCompilerHost(parsed.options);
  const getSourceFile = host.getSourceFile.bind(host);
  // The declarations of the dependencies are the same for every project; parsing them once saves most of the time.
  host.getSourceFile = (file, ...rest) => {
    if (!parsedFiles.has(file)) parsedFiles.set(file, getSourceFile(file, ...rest));
    return parsedFiles.get(file);
  };
  for (const { fileName } of ts.createProgram(parsed.fileNames, parsed.options, host).getSourceFiles()) note(fileName);
  return [...read];
}

describe('a remembered result', () => {
  let folder: string;
  let runsFile: string;
  let workspace: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'cached-targets-'));
    runsFile = path.join(folder, 'runs');
    writeFileSync(runsFile, '');
    workspace = copyWorkspace('one');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** A clone of the working tree, in which the targets of prom-codec only note that they ran. */
  function copyWorkspace(name: string): string {
    const copy = path.join(folder, name);
    for (const file of trackedFiles)
      if (existsSync(path.join(repositoryRoot, file))) cpSync(path.join(repositoryRoot, file), path.join(copy, file));
    symlinkSync(path.join(repositoryRoot, 'node_modules'), path.join(copy, 'node_modules'));
    const manifestFile = path.join(copy, 'packages/prom-codec/package.json');
    const manifest = JSON.parse(readFileSync(manifestFile, 'utf8')) as { scripts: Record<string, string> };
    const noteRun = (target: string): string => `node -e "require('node:fs').appendFileSync(process.env.RUNS_FILE, '${target} ')"`;
    for (const target of ['build', 'typecheck', 'test']) manifest.scripts[target] = noteRun(target);
    writeFileSync(manifestFile, JSON.stringify(manifest));
    return copy;
  }

  /** Runs targets of prom-codec, and gives those that did run. */
  function runTargets(...targets: readonly string[]): readonly string[] {
    writeFileSync(runsFile, '');
    execFileSync(
      process.execPath,
      [
        path.join(repositoryRoot, 'node_modules/nx/dist/bin/nx.js'),
        'run-many',
        '-p',
        '@timestream-prometheus/prom-codec',
        '-t',
        ...targets,
      ],
      { cwd: workspace, env: { ...process.env, NX_DAEMON: 'false', NX_TUI: 'false', RUNS_FILE: runsFile }, stdio: 'pipe' },
    );
    return readFileSync(runsFile, 'utf8').split(' ').filter(Boolean).sort();
  }

  it('is used again only where nothing that the target reads has changed, and a test runs each time', () => {
    const all = ['build', 'test', 'typecheck'];
    expect(runTargets(...all)).toEqual(all);
    expect(runTargets(...all)).toEqual(['test']);
    const changed: readonly (readonly [file: string, runsAgain: readonly string[]])[] = [
      ['packages/prom-codec/src/index.ts', all],
      ['packages/prom-codec/test/bytes.ts', ['test', 'typecheck']],
      ['tsconfig.base.json', all],
      ['package-lock.json', all],
      ['vitest.base.ts', ['test', 'typecheck']],
      ['docs/errors.md', ['test']],
    ];
    for (const [file, runsAgain] of changed) {
      appendFileSync(path.join(workspace, file), '\n');
      expect(runTargets(...all), file).toEqual(runsAgain);
    }
  }, 240_000);

  it('stays in the clone that made it', () => {
    expect(runTargets('build')).toEqual(['build']);
    workspace = copyWorkspace('two');
    expect(runTargets('build')).toEqual(['build']);
    expect(existsSync(path.join(workspace, '.nx', 'cache'))).toBe(true);
  }, 120_000);
});
