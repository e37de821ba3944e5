import type { SeededRandom } from '../differential/seeded-random.js';

/** Strings, numbers and durations, words, operators of two characters, spaces, and whatever else, one at a time. */
const TOKEN = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`|\d[\w.]*|[A-Za-z_:][\w:]*|[=!<>]=|[=!]~|\s+|./gsu;

const NUMBERS = ['0', '-0', '1', '007', '1.', '.5', '1e3', '1e', '1e+', '1E-2', '0x1F', '0x', '0b1', '1_0', '1__0', '_1', '1e400', '1e-400', 'Inf', '+Inf', 'nan', 'NaN', '9223372036854775807', '9223372036854775808', '18446744073709551616', '1.7976931348623157e308', '4.9e-324', '0.1e1', '00', '0777', '089']; // oxfmt-ignore
const DURATIONS = ['0s', '1s', '5m', '1h30m', '30m1h', '1m30', '1d', '1w', '1y', '1ms', '0.5s', '1.5', '300', '1e2', '-5m', '5m5m', '293y', '300y', '5 m', '1us', '1M', '1h1ms', '5m1s', 'step()', '1m + 30s', '1m * 2', '2 ^ 3', '1m / 0', '1m % 7s', 'max_of(1m, 30s)', '(1m)', '+1m', 'range()']; // oxfmt-ignore
const STRINGS = ['""', '"a"', "'a'", '`a`', '"\\n"', '"\\x41"', '"\\u00e9"', '"\\U0001F600"', '"\\101"', '"\\"', '"\\q"', "'\\''", '"\'"', '`\\n`', '"\\ud800"', '"\\400"', '"é"', '"😀"', '"a\nb"', '`a\nb`', "'\"'", '"\\\\"', '"$1"', '".*"', '"("', '"[z-a]"', '"a|b"', '"(?i)A"', '"\\\\d+"', '"x{1001}"', '"+Inf"']; // oxfmt-ignore
const SPACES = ['', ' ', '\t', '\n', '\r\n', '  ', ' #c\n', '#', '\u00a0', '\u2003', '\u000b', '\f', '\u0000', '#é\r'];
const OPERATORS = ['+', '-', '*', '/', '%', '^', '==', '!=', '<', '>', '<=', '>=', '=', '!', '=~', '!~', 'and', 'or', 'unless', 'atan2', '</', '>/', 'bool', '@', 'offset', ',', ':', ';', '|', '&', '~']; // oxfmt-ignore
const WORDS = ['by', 'without', 'on', 'ignoring', 'group_left', 'group_right', 'sum', 'SUM', 'Rate', 'rate', 'abs', 'topk', 'count_values', 'quantile', 'start', 'end', 'start()', 'end()', 'step()', 'range()', 'time', 'time()', 'vector', 'scalar', 'info', 'fill', 'fill_left', 'fill_right', 'anchored', 'smoothed', 'OFFSET', 'BY', 'And', 'Bool', 'inf', 'nan', 'e', 'é', 'foo:bar', ':', 'limitk', 'limit_ratio', 'min_of', 'max_of', 'absent', 'sort_by_label', 'label_replace', 'histogram_quantile', '__name__', 'a.b', '$x', '日本', 'up']; // oxfmt-ignore
const BRACKETS = ['(', ')', '[', ']', '{', '}', '()', '[]', '{}', '{{', '}}', '[5m]', '[5m:]', '[5m:1m]', '[:1m]', '{}{}', '{a="b"}', '{"a"}', '{a}', '{a=}', '{a="b",}', '{,}', '{a="b" c="d"}', '{a="b" or c="d"}', '{"up"}', '{"a"="b"}', '({})']; // oxfmt-ignore
const TAILS = [' offset 5m', ' offset -5m', ' offset 1m offset 2m', ' @ 1700000900', ' @ 1e400', ' @ -1', ' @ NaN', ' @ start()', ' @ end() offset 1m', ' @ start', ' offset', ' @', '[5m]', '[5m:1m]', '[1m][1m]', ' bool', ' by (job)', ' without (job)', ' by', ' == bool 1', ' == 1', ' ^ 2 ^ 3', ' or up', ' # end', ' anchored', ' smoothed', ' offset 1m @ 1', '[5m] offset 1m', '[5m] @ end()', ' offset (1m+1m)', ' offset step()', ', up', ')', ' fill(1) up']; // oxfmt-ignore
const WRAPPERS = ['(', '-(', '+(', 'sum(', 'sum by (job) (', 'abs(', 'rate(', 'sum_over_time(', 'count_values("v", ', 'topk(1, ', 'quantile(0.5, ', 'absent(', 'sort(', 'vector(', 'scalar(', 'timestamp(', 'histogram_quantile(0.9, ', 'label_replace(', '1 + (', 'max_over_time((', 'info(', 'group(', 'limitk(1, ', 'clamp(']; // oxfmt-ignore

/** Whether a text has an escape that stands for a byte which is no UTF-8: there strings of ours differ (docs/promql.md, "What differs, and why"). */
export function hasOtherBytes(text: string): boolean {
  return /\\(?:x[89a-f]|[23][0-7][0-7])/i.test(text);
}

/** A query with something taken out, put in, exchanged, repeated or spelled otherwise, a few times: most are no queries any more. */
export function mutateQuery(random: SeededRandom, text: string): string {
  let mutated = text;
  for (let changes = 1 + random.below(3); changes > 0; changes--) mutated = mutateOnce(random, mutated);
  // What is cut apart may leave half a character, which no request can carry.
  return mutated.slice(0, 5000).replaceAll(/\p{Surrogate}/gu, '\uFFFD');
}

function mutateOnce(random: SeededRandom, text: string): string {
  const tokens: readonly string[] = text.match(TOKEN) ?? [];
  const place = random.below(Math.max(1, tokens.length));
  const token = tokens[place] ?? '';
  const put = (...instead: readonly string[]): string => tokens.toSpliced(place, 1, ...instead).join('');
  switch (random.below(16)) {
    case 0:
      return put();
    case 1:
      return put(token, token);
    case 2:
      return put(token, random.pick(OPERATORS));
    case 3:
      return put(token, random.pick(SPACES));
    case 4:
      return put(token, random.pick(WORDS));
    case 5:
      return put(token, random.pick(BRACKETS));
    case 6: {
      const other = random.below(Math.max(1, tokens.length));
      return tokens.length === 0
        ? text
        : tokens
            .with(place, tokens[other] ?? '')
            .with(other, token)
            .join('');
    }
    case 7:
      return replaceOne(random, tokens, (one) => /^[\d.]/.test(one), random.pick(random.next() < 0.5 ? NUMBERS : DURATIONS));
    case 8:
      return replaceOne(random, tokens, (one) => /^["'`]/.test(one), random.pick(STRINGS));
    case 9:
      return replaceOne(random, tokens, (one) => /^\s+$/.test(one), random.pick(SPACES));
    case 10:
      return replaceOne(random, tokens, (one) => /^[A-Za-z_:]/.test(one), random.pick(WORDS));
    case 11:
      return replaceOne(random, tokens, (one) => OPERATORS.includes(one), random.pick(OPERATORS));
    case 12:
      return text + random.pick(TAILS);
    case 13: {
      const wrapper = random.pick(WRAPPERS);
      const depth = random.next() < 0.05 ? 30 : 1;
      const open = wrapper.repeat(depth);
      return `${open}${text}${')'.repeat(open.split('(').length - 1)}`;
    }
    case 14:
      return text.slice(0, random.below(text.length + 1));
    default: {
      const at = random.below(text.length + 1);
      return text.slice(0, at) + random.pick(['é', '😀', '\\', '"', "'", '`', '#', '.', '\u0000', '$', '{', '}', '@', '\ufeff', '0', 'e', 'x']) + text.slice(at); // oxfmt-ignore
    }
  }
}

function replaceOne(random: SeededRandom, tokens: readonly string[], isMeant: (token: string) => boolean, instead: string): string {
  const places = [...tokens.keys()].filter((index) => isMeant(tokens[index] ?? ''));
  return places.length === 0 ? tokens.join('') : tokens.with(random.pick(places), instead).join('');
}
