import { describe, expect, it } from 'vitest';
import { createLogger, type LoggerOptions } from '../src/index.js';

function collect(options: Partial<LoggerOptions>): { readonly lines: string[]; readonly logger: ReturnType<typeof createLogger> } {
  const lines: string[] = [];
  const logger = createLogger({ enabled: true, level: 'info', format: 'logfmt', ...options }, { write: (line) => lines.push(line) });
  return { lines, logger };
}

describe('createLogger', () => {
  it('writes time, level, message and fields as logfmt', () => {
    const { lines, logger } = collect({});
    logger.warn({ records: 3 }, 'Timestream rejected records');
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^level=warn ts=\d{4}-\d\d-\d\dT[\d:.]+Z records=3 msg="Timestream rejected records"\n$/);
  });

  it('writes the same as JSON', () => {
    const { lines, logger } = collect({ format: 'json' });
    logger.warn({ records: 3 }, 'Timestream rejected records');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'warn', records: 3, msg: 'Timestream rejected records' });
  });

  it('leaves out what is below the level', () => {
    const { lines, logger } = collect({ level: 'warn', format: 'json' });
    for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level]({}, level);
    expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['warn', 'error']);
  });

  it('is silent when logging is off', () => {
    const { lines, logger } = collect({ enabled: false, level: 'debug' });
    logger.error({}, 'anything');
    expect(lines).toEqual([]);
  });

  it.each(['logfmt', 'json'] as const)('never writes a secret as %s', (format) => {
    const { lines, logger } = collect({ format, level: 'debug' });
    const secret = 'c2VjcmV0LWtleQ';
    logger.error({ authorization: secret, headers: { authorization: secret } }, 'top and nested');
    logger.error({ secretAccessKey: secret, credentials: { accessKeyId: 'id', secretAccessKey: secret } }, 'keys');
    const failure = Object.assign(new Error('refused'), { $response: { headers: { authorization: secret } }, request: { secret } });
    logger.error({ err: failure }, 'an error that carries its request');
    logger.error({ err: new Error('outer', { cause: failure }) }, 'as a cause');
    expect(lines).toHaveLength(4);
    expect(lines.join('')).not.toContain(secret);
  });

  it('writes type, code, message and causes of an error, and survives a cycle of causes', () => {
    const { lines, logger } = collect({ format: 'json' });
    const inner = Object.assign(new Error('connection refused'), { code: 'ECONNREFUSED' });
    logger.error({ err: new TypeError('outer', { cause: inner }) }, 'failed');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      err: { type: 'TypeError', message: 'outer', cause: { message: 'connection refused', code: 'ECONNREFUSED' } },
    });
    const cycle = new Error('cycle');
    cycle.cause = cycle;
    logger.error({ err: cycle }, 'failed');
    expect(lines).toHaveLength(2);
  });
});
