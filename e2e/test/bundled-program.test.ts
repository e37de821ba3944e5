import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { connectorProgram } from '../harness/start-connector.js';

const folder = path.dirname(connectorProgram);
const repositoryRoot = path.join(folder, '..', '..', '..', '..');

/** Every specifier that the files import, at once or later. */
async function importsOfProgram(): Promise<readonly string[]> {
  const { metafile } = await build({
    entryPoints: readdirSync(folder).filter((name) => name.endsWith('.js')).map((name) => path.join(folder, name)), // prettier-ignore
    outdir: path.join(folder, 'never-written'),
    write: false,
    bundle: true,
    metafile: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'silent',
  });
  return Object.values(metafile.inputs).flatMap(({ imports }) => imports.map(({ original, path: specifier }) => original ?? specifier));
}

describe('the program that people run', () => {
  it('is the one of npm start, of the container and of the package', () => {
    const manifest = JSON.parse(readFileSync(path.join(repositoryRoot, 'packages/http-adapter/package.json'), 'utf8')) as {
      readonly bin: Readonly<Record<string, string>>;
    };
    expect(path.join(repositoryRoot, 'packages/http-adapter', manifest.bin['timestream-prometheus'] ?? '')).toBe(connectorProgram);
    expect(readFileSync(path.join(repositoryRoot, 'scripts/start.mjs'), 'utf8')).toContain("'http-adapter', 'dist', 'program', 'main.js'");
    expect(readFileSync(path.join(repositoryRoot, 'deploy/Dockerfile'), 'utf8')).toContain('"packages/http-adapter/dist/program/main.js"');
  });

  it('has all that it needs in its own files, but for what has native code', async () => {
    const packages = (await importsOfProgram()).filter((specifier) => !specifier.startsWith('.') && !isBuiltin(specifier));
    expect([...new Set(packages)].sort()).toEqual(['@timestream-prometheus/timestream-embedded', 'snappy']);
  });

  it('brings the licences of what others wrote', () => {
    const licences = readFileSync(path.join(folder, 'THIRD-PARTY-LICENSES.txt'), 'utf8');
    for (const name of ['fastify', 'pino', 'prom-client', 'commander', 'undici', 're2js', '@smithy/core']) {
      const section = licences.split(/^-{80}$/m).find((text) => text.trim().startsWith(`${name} `));
      expect(section, name).toMatch(/\((?:MIT|Apache-2\.0|ISC|BSD-3-Clause)\)\n\n[^]*(?:Permission is hereby granted|Apache License)/);
    }
  });
});
