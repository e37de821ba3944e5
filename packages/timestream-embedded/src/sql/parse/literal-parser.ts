import { invalidAt } from '../sql-error.js';
import type { LiteralValue } from '../values/literal-value.js';
import type { LiteralExpression } from './syntax-tree.js';
import { maxInt64, parseDate, parseDuration, parseTimeOfDay, parseTimestamp } from '../values/time-text.js';
import type { TokenStream } from './token-stream.js';

/** The literal that comes next, or undefined. */
export function acceptLiteral(stream: TokenStream): LiteralExpression | undefined {
  const { kind, text, position } = stream.peek();
  const literal = (value: LiteralValue): LiteralExpression => ({ kind: 'literal', position, literal: value });
  switch (kind) {
    case 'string':
      stream.next();
      return literal({ type: 'string', value: text });
    case 'integer': {
      stream.next();
      const value = BigInt(text);
      if (value > maxInt64 + 1n) throw invalidAt(position, `Invalid numeric literal: ${text}`);
      return literal({ type: 'integer', value });
    }
    case 'late-integer':
      stream.next();
      return literal({ type: 'late-integer', index: Number(text) });
    case 'double': {
      stream.next();
      const value = Number(text);
      if (!Number.isFinite(value)) throw invalidAt(position, `Invalid numeric literal: ${text}`);
      return literal({ type: 'double', value });
    }
    case 'duration': {
      stream.next();
      const interval = parseDuration(text);
      if (interval === undefined) throw invalidAt(position, `Invalid duration: ${text}`);
      return literal(interval);
    }
    case 'word':
      return acceptWordLiteral(stream, literal);
    default:
      return undefined;
  }
}

function acceptWordLiteral(stream: TokenStream, literal: (value: LiteralValue) => LiteralExpression): LiteralExpression | undefined {
  if (stream.acceptWord('NULL')) return literal({ type: 'null' });
  if (stream.acceptWord('TRUE')) return literal({ type: 'boolean', value: true });
  if (stream.acceptWord('FALSE')) return literal({ type: 'boolean', value: false });
  const following = stream.peek(1).kind;
  if (stream.isWord('INTERVAL') && (following === 'string' || stream.isSymbol('-', 1) || stream.isSymbol('+', 1))) {
    return literal(intervalLiteral(stream));
  }
  if (following !== 'string') return undefined;
  if (stream.acceptWord('TIMESTAMP')) return literal({ type: 'timestamp', value: typedText(stream, 'timestamp', parseTimestamp) });
  if (stream.acceptWord('TIME')) return literal({ type: 'time', value: typedText(stream, 'time', parseTimeOfDay) });
  if (stream.acceptWord('DATE')) return literal({ type: 'date', value: typedText(stream, 'date', parseDate) });
  return undefined;
}

function typedText(stream: TokenStream, typeName: string, parse: (text: string) => bigint | undefined): bigint {
  const { text, position } = stream.expectString();
  const value = parse(text);
  if (value === undefined) throw invalidAt(position, `'${text}' is not a valid ${typeName} literal`);
  return value;
}

/** `INTERVAL [-] '2' DAY`. */
function intervalLiteral(stream: TokenStream): LiteralValue {
  stream.next();
  const negative = stream.acceptSymbol('-');
  if (!negative) stream.acceptSymbol('+');
  const { text, position } = stream.expectString();
  const unit = ['SECOND', 'MINUTE', 'HOUR', 'DAY', 'WEEK', 'MONTH', 'YEAR'].find((word) => stream.acceptWord(word));
  if (unit === undefined) throw stream.mismatch('SECOND, MINUTE, HOUR, DAY, WEEK, MONTH or YEAR');
  const days = unit === 'WEEK' && /^\d{1,30}$/.test(text) ? String(BigInt(text) * 7n) : text;
  const interval = parseDuration(days + (unit === 'WEEK' ? 'day' : unit.toLowerCase()));
  if (interval === undefined) throw invalidAt(position, `'${text}' is not a valid interval literal`);
  return negative ? { ...interval, value: -interval.value } : interval;
}
