import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createJsonLogger, type JsonLoggerOptions } from '../src/json-logger.js';

function loggerWith(changes: Partial<JsonLoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = createJsonLogger({
    level: 'info',
    isEnabled: true,
    writeLine: (line) => lines.push(line),
    clock: { nowMs: () => Date.UTC(2026, 10, 22, 16, 0, 0, 250) },
    requestId: () => '8c2f7d0a-3f0e-4a52-8f6d-0b7a4d5f9a11',
    ...changes,
  });
  return { logger, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

describe('the log', () => {
  it('is one JSON object a line, with the fields of Lambda’s own format', () => {
    const { logger, parsed } = loggerWith();
    logger.warn({ code: 'throttled', records: 3 }, 'two\nlines');
    expect(parsed()).toEqual([
      {
        timestamp: '2026-11-22T16:00:00.250Z',
        level: 'WARN',
        message: 'two\nlines',
        requestId: '8c2f7d0a-3f0e-4a52-8f6d-0b7a4d5f9a11',
        code: 'throttled',
        records: 3,
      },
    ]);
  });

  it.each([
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
  ] as const)('at level %s has %i of four messages', (level, count) => {
    const { logger, lines } = loggerWith({ level });
    logger.debug({}, 'a');
    logger.info({}, 'b');
    logger.warn({}, 'c');
    logger.error({}, 'd');
    expect(lines).toHaveLength(count);
  });

  it('is silent when it is switched off', () => {
    const { logger, lines } = loggerWith({ isEnabled: false });
    logger.error({}, 'd');
    expect(lines).toEqual([]);
  });

  it('shows an error with its name, message, code and cause', () => {
    const { logger, parsed } = loggerWith();
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    logger.error({ err: new TypeError('no answer', { cause }) }, 'failed');
    expect(parsed()[0]).toMatchObject({ err: { name: 'TypeError', message: 'no answer', cause: { code: 'ECONNREFUSED' } } });
  });

  it('never shows a secret', () => {
    const { logger, lines } = loggerWith();
    const secret = 'wJalrXUtnFEMI/K7MDENG';
    const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: secret, sessionToken: secret };
    logger.info({ credentials, headers: { authorization: secret }, password: secret }, 'a request');
    expect(lines.join('')).not.toContain(secret);
    expect(lines.join('')).toContain('AKIDEXAMPLE');
  });

  it('keeps the message when a field cannot be written', () => {
    const { logger, parsed } = loggerWith();
    const circular: { self?: unknown } = {};
    circular.self = circular;
    logger.info({ circular }, 'still here');
    expect(parsed()[0]).toMatchObject({ message: 'still here', unloggableFields: ['circular'] });
  });

  it('writes one line whatever it is given', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.anything()), fc.string({ unit: 'grapheme' }), (fields, message) => {
        const { logger, lines, parsed } = loggerWith();
        logger.error(fields, message);
        expect(lines).toHaveLength(1);
        expect(lines[0]).not.toContain('\n');
        expect(parsed()[0]).toMatchObject({ level: 'ERROR', message });
      }),
    );
  });
});
