import { describe, expect, it } from 'vitest';
import { formatExpression, ParseError, parseExpression, printExpression } from '../src/index.js';

const everything = { experimentalFunctions: true, fillModifiers: true };

/** Queries and how Prometheus 3.16 prints them, as its own parser gave it. */
const printed: readonly (readonly [query: string, text: string])[] = [
  ['1 + 2 *3', '1 + 2 * 3'],
  ['-2^2', '-2 ^ 2'],
  ['foo{b!~"c",a="b"}', 'foo{a="b",b!~"c"}'],
  ['{"metric.with.dots", "a label"=~"b.*"}', '{"a label"=~"b.*",__name__="metric.with.dots"}'],
  ['sum  by(a,b)  (foo)', 'sum by (a, b) (foo)'],
  ['sum(foo) without (c)', 'sum without (c) (foo)'],
  ['topk(3,foo)', 'topk(3, foo)'],
  ['foo[90s] offset 1h30m @ 12.5', 'foo[1m30s] @ 12.500 offset 1h30m'],
  ['max_over_time(foo[1h:5m] @ start())', 'max_over_time(foo[1h:5m] @ start())'],
  ['a / on (x) group_left (y) b', 'a / on (x) group_left (y) b'],
  ['a > bool ignoring () b', 'a > bool b'],
  ['a + fill(0) b', 'a + fill (0) b'],
  ['foo[step() * 2 + 1m]', 'foo[step() * 2 + 1m]'],
  ['foo[(5m)]', 'foo[(5m)]'],
  ['foo smoothed', 'foo smoothed'],
  ['0x1F + 1e3 + 1_000 + .5', '31 + 1000 + 1000 + 0.5'],
  ['1_0.5_0 + 1e3_1', '10.5 + 10000000000000000000000000000000'],
  ['1d', '1d'],
  ['foo offset nan', 'foo offset --106751d23h47m16s854ms'],
];

/** Texts that are no PromQL and what Prometheus 3.16 says about them. */
const refused: readonly (readonly [query: string, message: string])[] = [
  ['', 'unknown position: parse error: no expression found in input'],
  [' ', '1:1: parse error: no expression found in input'],
  ['1 +', '1:4: parse error: unexpected end of input'],
  ['foo bar', '1:5: parse error: unexpected identifier "bar"'],
  ['sum(foo bar)', '1:9: parse error: unexpected identifier "bar" in aggregation'],
  ['sum by foo', '1:8: parse error: unexpected identifier "foo" in grouping opts, expected "("'],
  ['foo{a=b}', '1:7: parse error: unexpected identifier "b" in label matching, expected string'],
  ['foo{a="b"', '1:10: parse error: unexpected end of input inside braces'],
  ['foo[5m', '1:7: parse error: unclosed left bracket'],
  ['foo[5m 3m]', '1:8: parse error: unexpected duration "3m" in subquery or range, expected ":" or "]"'],
  ['1e31_000', '1:1: parse error: error parsing number: strconv.ParseFloat: parsing "1e31_000": value out of range'],
  ['rate(foo)', '1:6: parse error: expected type range vector in call to function "rate", got instant vector'],
  ['unknown(foo)', '1:1: parse error: unknown function with name "unknown"'],
  ['1 == 1', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
  ['{a=""}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['foo{a=~"("}', '1:5: parse error: error parsing regexp: missing closing ): `(`'],
  ['foo offset 5m offset 1m', '1:1: parse error: offset may not be set multiple times'],
  ['sum(a,)', '1:6: parse error: trailing commas not allowed in function call args'],
  ['a\n+ ü', "2:3: parse error: unexpected character: 'ü'"],
  ['"ü" + $', "1:8: parse error: unexpected character: '$'"],
];

describe('a query', () => {
  it.each(printed)('%s is printed as Prometheus prints it', (query, text) => {
    expect(printExpression(parseExpression(query, everything))).toBe(text);
  });

  it.each(refused)('%j is refused in Prometheus\u2019 words', (query, message) => {
    expect(() => parseExpression(query, everything)).toThrow(ParseError);
    expect(() => parseExpression(query, everything)).toThrow(message);
  });

  it('is spread over lines where it is long', () => {
    const query = `sum by (job, instance) (rate(http_requests_total{job="api",code="500"}[5m])) / sum by (job, instance) (rate(http_requests_total[5m]))`;
    expect(formatExpression(parseExpression(query))).toBe(
      [
        '  sum by (job, instance) (rate(http_requests_total{code="500",job="api"}[5m]))',
        '/',
        '  sum by (job, instance) (rate(http_requests_total[5m]))',
      ].join('\n'),
    );
  });

  it('may use experimental functions only if that is allowed', () => {
    expect(() => parseExpression('mad_over_time(foo[5m])')).toThrow('1:1: parse error: function "mad_over_time" is not enabled');
    expect(() => parseExpression('limitk(2, foo)')).toThrow('must be enabled with --enable-feature=promql-experimental-functions');
    expect(() => parseExpression('a + fill(0) b')).toThrow('binop fill modifiers are experimental and not enabled');
  });

  it('is refused and does not exhaust the stack when it is nested without end', () => {
    for (const query of ['('.repeat(100_000), '-'.repeat(100_000), `${'1^'.repeat(100_000)}1`, `${'sum('.repeat(50_000)}x`]) {
      expect(() => parseExpression(query)).toThrow(/nested more than 500 deep|unclosed/);
    }
  });
});
