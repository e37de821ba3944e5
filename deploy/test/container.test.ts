import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { deployFolder } from '../stack/template-document.js';

const dockerfile = readFileSync(`${deployFolder}/Dockerfile`, 'utf8');
const instructions = dockerfile
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));

describe('the container image', () => {
  it('is built in stages that exist, each from a stage before it', () => {
    const stages = instructions.flatMap((line) => /^FROM .* AS (\w+)$/.exec(line)?.[1] ?? []);
    expect(stages).toEqual(['build', 'dependencies']);
    const sources = instructions.flatMap((line) => /--from=(\w+)/.exec(line)?.[1] ?? []);
    expect(sources).toEqual(['build', 'dependencies']);
  });

  it('runs as a user without rights, and never changes back', () => {
    const users = instructions.filter((line) => line.startsWith('USER '));
    expect(users).toEqual(['USER node']);
    expect(instructions.indexOf('USER node')).toBeLessThan(instructions.findIndex((line) => line.startsWith('ENTRYPOINT')));
  });

  it('checks its health by the runtime that it has', () => {
    expect(instructions.find((line) => line.startsWith('HEALTHCHECK'))).toMatch(
      /CMD \["node", "-e", "fetch\('http:\/\/127\.0\.0\.1:9201\/-\/healthy'\)/,
    );
  });

  it('starts the server that the workspace builds', () => {
    const manifest = JSON.parse(readFileSync(`${deployFolder}/../packages/http-adapter/package.json`, 'utf8')) as {
      bin: Record<string, string>;
    };
    const program = manifest.bin['timestream-prometheus']?.replace('./', 'packages/http-adapter/');
    expect(instructions.find((line) => line.startsWith('ENTRYPOINT'))).toBe(
      `ENTRYPOINT ["node", "--enable-source-maps", "${program ?? ''}"]`,
    );
  });
});

describe('compose.yml', () => {
  const { services } = parse(readFileSync(`${deployFolder}/compose.yml`, 'utf8')) as { services: Record<string, Record<string, unknown>> };

  it('builds that image and reaches it from this machine only', () => {
    expect(services['connector']).toMatchObject({
      build: { context: '..', dockerfile: 'deploy/Dockerfile' },
      ports: ['127.0.0.1:9201:9201'],
      read_only: true,
      cap_drop: ['ALL'],
    });
  });
});
