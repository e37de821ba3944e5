import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const folder = fileURLToPath(new URL('../../test-results/program/', import.meta.url));

/**
 * One file made from the sources of the workspace, so that a test of a process needs no build and never meets an old one. It lies two
 * folders below the package, where `dist/cli` is as well: the version is found the same way.
 *
 * @param name of the file; test files run at the same time, so each takes its own.
 */
export async function bundle(entryPoint: string, name: string): Promise<string> {
  const outfile = `${folder}${name}.mjs`;
  await build({
    entryPoints: [entryPoint],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    conditions: ['@timestream-prometheus/source'],
    external: ['@aws-sdk/*', '@smithy/*', '@duckdb/*', 'commander', 'fastify', 'pino', 'prom-client', 're2js', 'snappy', 'undici'],
    logLevel: 'silent',
  });
  return outfile;
}

/** The program `timestream-prometheus`. */
export function buildProgram(name: string): Promise<string> {
  return bundle(fileURLToPath(new URL('../../src/main.ts', import.meta.url)), name);
}
