import { PatternError } from './pattern-node.js';
import type { PatternReader } from './pattern-reader.js';

/** Binary properties that Java writes `\p{IsX}` and JavaScript `\p{X}`. */
const binaryProperties: Readonly<Record<string, string>> = {
  alphabetic: 'Alphabetic',
  ideographic: 'Ideographic',
  lowercase: 'Lowercase',
  uppercase: 'Uppercase',
  white_space: 'White_Space',
  hex_digit: 'Hex_Digit',
  join_control: 'Join_Control',
  noncharacter_code_point: 'Noncharacter_Code_Point',
  letter: 'L',
  control: 'Cc',
  punctuation: 'P',
  titlecase: 'Lt',
  digit: 'Nd',
};

/**
 * `\p{L}`, `\pL`, `\p{IsLatin}`, `\p{script=Greek}`, `\p{gc=Lu}`, `\p{IsAlphabetic}` after the backslash; undefined for the ASCII classes
 * (`\p{Alpha}`), which it leaves unread. Which characters a property has is of the Unicode version of this Node.js.
 * @throws {PatternError} for blocks, `\p{javaX}` and names that do not exist.
 */
export function unicodeProperty(reader: PatternReader, ignoreCase: boolean): ((codePoint: number) => boolean) | undefined {
  const negated = reader.peek() === 'P';
  let name: string;
  let length: number;
  if (reader.peek(1) === '{') {
    name = '';
    for (let ahead = 2; reader.peek(ahead) !== '}'; ahead += 1) {
      if (reader.peek(ahead) === '' || ahead > 100) throw new PatternError('a property never ends');
      name += reader.peek(ahead);
    }
    length = name.length + 3;
  } else {
    name = reader.peek(1);
    length = 2;
  }
  if (/^(ASCII|Alpha|Digit|Alnum|Punct|Graph|Print|Blank|Cntrl|XDigit|Space|Lower|Upper)$/.test(name)) return undefined;
  const property = javascriptProperty(name);
  if (ignoreCase && /^(Lu|Ll|Lt|Lowercase|Uppercase)$/.test(property)) throw new PatternError(`\\p{${name}} with (?i) is not supported`);
  for (let count = 0; count < length; count += 1) reader.next();
  let pattern: RegExp;
  try {
    pattern = new RegExp(`^\\p{${property}}$`, 'u');
  } catch (error) {
    throw new PatternError(`Unicode property '${name}' is not supported`, { cause: error });
  }
  const known = new Map<number, boolean>();
  return (codePoint) => {
    let has = known.get(codePoint);
    if (has === undefined) {
      has = pattern.test(String.fromCodePoint(codePoint)) !== negated;
      if (known.size < 10_000) known.set(codePoint, has);
    }
    return has;
  };
}

function javascriptProperty(name: string): string {
  const assigned = /^(script|sc|general_category|gc)=(\w+)$/i.exec(name);
  if (assigned !== null) {
    const [, key = '', value = ''] = assigned;
    return key.toLowerCase().startsWith('s') ? `Script=${scriptName(value)}` : value;
  }
  if (/^(L|M|N|Z|C|P|S|L[Cultmo]|M[nce]|N[dlo]|Z[slp]|C[cfson]|P[dsecifo]|S[mcko])$/.test(name)) return name;
  const is = /^Is(\w+)$/.exec(name)?.[1];
  if (is === undefined) throw new PatternError(`Unicode property '${name}' is not supported`);
  const binary = binaryProperties[is.toLowerCase()];
  if (binary !== undefined) return binary;
  return /^[A-Z][a-z]?$/.test(is) ? is : `Script=${scriptName(is)}`;
}

/** `LATIN` and `latin` as Unicode spells it: `Latin`. */
const scriptName = (name: string): string =>
  name.replace(/[A-Za-z]+/g, (word) => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase());
