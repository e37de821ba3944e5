import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLogfmtStream, formatLogfmt } from '../src/logfmt.js';

describe('formatLogfmt', () => {
  it.each([
    [{ level: 'info', msg: 'ready' }, 'level=info msg=ready'],
    [{ msg: 'two words' }, 'msg="two words"'],
    [{ msg: 'say "hi"' }, 'msg="say \\"hi\\""'],
    [{ msg: 'line\nbreak' }, 'msg="line\\nbreak"'],
    [{ msg: 'a=b' }, 'msg="a=b"'],
    [{ msg: '' }, 'msg=""'],
    [{ count: 3, ok: true, none: null }, 'count=3 ok=true'],
    [{ err: { type: 'Error', cause: { code: 'E' } } }, 'err.type=Error err.cause.code=E'],
    [{ list: ['a', 1] }, 'list="[\\"a\\",1]"'],
    [{ 'a key="x"': 1 }, 'a_key__x_=1'],
  ])('writes %j as %s', (record, line) => {
    expect(formatLogfmt(record)).toBe(`${line}\n`);
  });

  it('writes every record as one line, whatever the text', () => {
    const lineBreaks = formatLogfmt({ 'a\nb': 'c\r\nd' });
    expect(lineBreaks).toBe('a_b="c\\r\\nd"\n');
    const anyText = fc.string({ unit: fc.nat(0xffff).map((code) => String.fromCharCode(code)), maxLength: 20 });
    fc.assert(
      fc.property(anyText, anyText, (key, value) => {
        expect(formatLogfmt({ [key]: value }).slice(0, -1)).not.toMatch(/[\n\r]/);
      }),
    );
  });
});

describe('createLogfmtStream', () => {
  it('turns the JSON lines of pino into logfmt lines', () => {
    const lines: string[] = [];
    createLogfmtStream({ write: (line) => lines.push(line) }).write('{"level":"warn","msg":"low on space"}\n');
    expect(lines).toEqual(['level=warn msg="low on space"\n']);
  });
});
