import { bitsFromFloat, NORMAL_NAN_BITS, type Label } from '@timestream-prometheus/prom-codec';

/** How times are written: OpenMetrics has seconds, `promtool tsdb dump` milliseconds. */
export type TextFormat = 'openmetrics' | 'dump';

export interface ParsedSample {
  /** Sorted by name, without empty ones. */
  readonly labels: readonly Label[];
  readonly timestampMs: bigint;
  readonly valueBits: bigint;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:.]*/y;
const SPACE = /[ \t]*/y;
const VALUE = /^[+-]?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|[Ii]nf(?:inity)?)$|^[Nn]a[Nn]$/;
const SECONDS = /^(-?)(\d{1,13})(?:\.(\d+))?$/;
const MILLISECONDS = /^-?\d{1,18}$/;

/**
 * A line with a sample; undefined for comments and empty lines.
 *
 * @throws Error with what is wrong in it
 */
export function parseSampleLine(line: string, format: TextFormat): ParsedSample | undefined {
  if (line.trim() === '' || line.startsWith('#')) return undefined;
  const labels: Label[] = [];
  let position = 0;
  const match = (pattern: RegExp): string => {
    pattern.lastIndex = position;
    const found = pattern.exec(line)?.[0] ?? '';
    position += found.length;
    return found;
  };
  const expectCharacter = (character: string): void => {
    if (line[position] !== character) throw new Error(`${JSON.stringify(character)} expected at character ${position + 1}`);
    position += 1;
  };
  const quoted = (): string => {
    const start = position;
    expectCharacter('"');
    let text = '';
    for (;;) {
      const character = line[position];
      if (character === undefined) throw new Error(`the text that begins at character ${start + 1} does not end`);
      position += 1;
      if (character === '"') return text;
      if (character !== '\\') {
        text += character;
        continue;
      }
      const escaped = line[position] ?? '';
      position += 1;
      text += escaped === 'n' ? '\n' : escaped;
    }
  };

  match(SPACE);
  const name = match(NAME);
  if (name !== '') labels.push({ name: '__name__', value: name });
  match(SPACE);
  if (line[position] === '{') {
    position += 1;
    for (;;) {
      match(SPACE);
      if (line[position] === '}') break;
      const isQuoted = line[position] === '"';
      const labelName = isQuoted ? quoted() : match(NAME);
      if (labelName === '') throw new Error(`the name of a label expected at character ${position + 1}`);
      match(SPACE);
      // OpenMetrics 2 has a metric name that is no plain word in quotes, without a value.
      if (isQuoted && line[position] !== '=') labels.push({ name: '__name__', value: labelName });
      else {
        expectCharacter('=');
        match(SPACE);
        labels.push({ name: labelName, value: quoted() });
      }
      match(SPACE);
      if (line[position] === ',') position += 1;
      else if (line[position] !== '}') throw new Error(`"," or "}" expected at character ${position + 1}`);
    }
    position += 1;
  }
  const [valueText = '', timeText = '', behind] = line
    .slice(position)
    .trim()
    .split(/[ \t]+/, 3);
  if (valueText.startsWith('{')) throw new Error('it is a native histogram, which text does not hold exactly: import the block');
  if (!VALUE.test(valueText)) throw new Error(`${JSON.stringify(valueText.slice(0, 50))} is no value`);
  if (timeText === '' || timeText === '#') throw new Error('it has no time');
  if (behind !== undefined && behind !== '#') throw new Error(`${JSON.stringify(behind.slice(0, 50))} stands behind the time`);
  return { labels: sortedLabels(labels), timestampMs: timeOf(timeText, format), valueBits: bitsOf(valueText) };
}

function timeOf(text: string, format: TextFormat): bigint {
  if (format === 'dump') {
    if (MILLISECONDS.test(text)) return BigInt(text);
    throw new Error(`${JSON.stringify(text.slice(0, 50))} is no time in milliseconds`);
  }
  const match = SECONDS.exec(text);
  if (match === null) {
    const isExponent = /^-?\d+(?:\.\d+)?[eE][+-]?\d+$/.test(text);
    if (isExponent && Math.abs(Number(text)) < 1e13) return BigInt(Math.trunc(Number(text) * 1000));
    throw new Error(`${JSON.stringify(text.slice(0, 50))} is no time in seconds`);
  }
  const [, sign = '', seconds = '', fraction = ''] = match;
  return BigInt(`${sign}${seconds}${fraction.slice(0, 3).padEnd(3, '0')}`);
}

function bitsOf(text: string): bigint {
  if (/^nan$/i.test(text)) return NORMAL_NAN_BITS;
  const infinity = /^([+-]?)inf/i.exec(text);
  return bitsFromFloat(infinity === null ? Number(text) : infinity[1] === '-' ? -Infinity : Infinity);
}

function sortedLabels(labels: readonly Label[]): readonly Label[] {
  const kept = labels
    .filter(({ value }) => value !== '')
    .sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
  const twice = kept.find(({ name }, index) => kept[index - 1]?.name === name);
  if (twice !== undefined) throw new Error(`the label ${twice.name} is given twice`);
  if (kept.length === 0) throw new Error('it has neither a name nor labels');
  return kept;
}
