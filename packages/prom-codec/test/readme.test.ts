import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  createSamples,
  DEFAULT_CHUNKED_READ_LIMITS,
  DEFAULT_READ_REQUEST_LIMITS,
  DEFAULT_READ_RESPONSE_LIMITS,
  DEFAULT_WRITE_REQUEST_LIMITS,
  DEFAULT_WRITE_REQUEST_V2_LIMITS,
  STALE_NAN_BITS,
} from '../src/index.js';
import { request } from './readme-example.js';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');

describe('the README', () => {
  it('shows the example that runs here', () => {
    const example = readFileSync(new URL('readme-example.ts', import.meta.url), 'utf8');
    // A line of imports breaks elsewhere when the package has its own name.
    const withoutLayout = (code: string | undefined): string | undefined => code?.replaceAll(/\s+/g, '').replaceAll(',}', '}');
    const shown = /```ts\n(.*?)```/s.exec(readme)?.[1];
    expect(withoutLayout(shown)).toBe(withoutLayout(example.replace('../src/index.js', '@timestream-prometheus/prom-codec')));
    expect(request.timeseries[0]?.samples).toEqual(
      createSamples([
        [1_795_340_322_000, 1],
        [1_795_340_337_000, STALE_NAN_BITS],
      ]),
    );
  });

  it('lists every limit with its default, and no other', () => {
    const listed = [...readme.matchAll(/^\| `(decode\w+)` +\| `(max\w+)` +\| +([\d,]+) \|$/gm)].map(([, decoder, limit, value]) => [
      decoder,
      limit,
      Number(value?.replaceAll(',', '')),
    ]);
    const rows = (decoder: string, limits: object): unknown[] =>
      Object.entries(limits).map(([limit, value]) => [decoder, limit, value as number]);
    expect(listed).toEqual([
      ...rows('decodeWriteRequest', DEFAULT_WRITE_REQUEST_LIMITS),
      ...rows('decodeWriteColumnsV2', DEFAULT_WRITE_REQUEST_V2_LIMITS),
      ...rows('decodeReadRequest', DEFAULT_READ_REQUEST_LIMITS),
      ...rows('decodeReadResponse', DEFAULT_READ_RESPONSE_LIMITS),
      ...rows('decodeChunkedReadFrames', DEFAULT_CHUNKED_READ_LIMITS),
    ]);
  });
});
