import { complement, ignoringAsciiCase, ofCharacters, union, type CodePointSet } from './code-point-set.js';
import { parseCharacterEscape, predefinedClass } from './java-pattern-escape.js';
import { PatternError, type PatternNode } from './pattern-node.js';
import { PatternReader } from './pattern-reader.js';

/** RE2 refuses larger repetitions. */
const maxRepetitions = 1000;
const maxNesting = 50;

/** @throws {PatternError} */
export function parseJavaPattern(pattern: string): PatternNode {
  const reader = new PatternReader(pattern);
  const node = parseAlternation(reader);
  if (reader.peek() !== '') throw new PatternError(`unmatched ')'`);
  return node;
}

function parseAlternation(reader: PatternReader): PatternNode {
  const branches = [parseSequence(reader)];
  while (reader.accept('|')) branches.push(parseSequence(reader));
  const [first] = branches;
  return branches.length === 1 && first !== undefined ? first : { kind: 'alternation', branches };
}

function parseSequence(reader: PatternReader): PatternNode {
  const items: PatternNode[] = [];
  while (reader.peek() !== '' && reader.peek() !== '|' && reader.peek() !== ')') {
    for (const atom of parseAtoms(reader)) items.push(atom);
  }
  return { kind: 'sequence', items };
}

/** Usually one atom with its quantifier; several for `\Q…\E`, none for flags. */
function parseAtoms(reader: PatternReader): PatternNode[] {
  if (reader.accept('\\Q')) return parseQuotation(reader);
  const atom = parseAtom(reader);
  if (atom === undefined) return [];
  const quantified = parseQuantifier(reader, atom);
  if (quantified !== atom && (atom.kind === 'start' || atom.kind === 'end' || atom.kind === 'line-end')) {
    throw new PatternError('a quantifier after an anchor is not supported');
  }
  return [quantified];
}

function parseQuotation(reader: PatternReader): PatternNode[] {
  const characters: PatternNode[] = [];
  while (reader.peek() !== '' && !reader.accept('\\E')) characters.push(characterNode(reader, ofCharacters(reader.next())));
  const last = characters.pop();
  if (last === undefined) {
    if ('*+?{'.includes(reader.peek()) && reader.peek() !== '')
      throw new PatternError('a quantifier after an empty quotation is not supported');
    return [];
  }
  return [...characters, parseQuantifier(reader, last)];
}

const characterNode = (reader: PatternReader, set: CodePointSet): PatternNode => ({
  kind: 'set',
  set: reader.flags.ignoreCase ? ignoringAsciiCase(set) : set,
});

const lineTerminators = ofCharacters('\n\r\u0085\u2028\u2029');

function parseAtom(reader: PatternReader): PatternNode | undefined {
  const character = reader.next();
  switch (character) {
    case '(':
      return parseGroup(reader);
    case '[':
      return parseClass(reader);
    case '.':
      return { kind: 'set', set: complement(reader.flags.dotAll ? [] : lineTerminators) };
    case '^':
      return { kind: 'start' };
    case '$':
      return { kind: 'line-end' };
    case '*':
    case '+':
    case '?':
    case '{':
      throw new PatternError(`nothing to repeat before '${character}'`);
    case '\\':
      return parseEscape(reader);
    default:
      return characterNode(reader, ofCharacters(character));
  }
}

function parseEscape(reader: PatternReader): PatternNode {
  if (reader.accept('A')) return { kind: 'start' };
  if (reader.accept('z')) return { kind: 'end' };
  if (reader.accept('Z')) return { kind: 'line-end' };
  const set = predefinedClass(reader);
  if (set !== undefined) return { kind: 'set', set };
  const codePoint = parseCharacterEscape(reader);
  return characterNode(reader, [[codePoint, codePoint]]);
}

function parseGroup(reader: PatternReader): PatternNode | undefined {
  const outerFlags = reader.flags;
  if (reader.nesting >= maxNesting) throw new PatternError(`groups nest deeper than ${maxNesting} levels`);
  if (reader.accept('?')) {
    const name = reader.peek() === '<' && /[A-Za-z]/.test(reader.peek(1));
    if (name) {
      reader.next();
      const groupName = reader.takeWhile(/[A-Za-z0-9]/, Infinity);
      if (reader.groupNames.has(groupName)) throw new PatternError(`two groups are named ${groupName}`);
      reader.groupNames.add(groupName);
      if (!reader.accept('>')) throw new PatternError('a group name never ends');
    } else if (!reader.accept(':')) {
      if (/[=!<>]/.test(reader.peek())) throw new PatternError('look-around and atomic groups are not supported');
      if (!parseFlags(reader)) return undefined;
    }
  }
  reader.nesting += 1;
  const node = parseAlternation(reader);
  reader.nesting -= 1;
  if (!reader.accept(')')) throw new PatternError('a group never ends');
  reader.flags = outerFlags;
  // A sequence of its own: what follows the group must not be taken for a part of it.
  return { kind: 'alternation', branches: [node] };
}

/** `(?i)` or `(?i-s:`; returns whether a group follows. Flags without a group hold to the end of the group around them. */
function parseFlags(reader: PatternReader): boolean {
  let on = true;
  for (;;) {
    const flag = reader.next();
    if (flag === 'i') reader.flags = { ...reader.flags, ignoreCase: on };
    else if (flag === 's') reader.flags = { ...reader.flags, dotAll: on };
    else if (flag === '-' && on) on = false;
    else if (flag === ')') return false;
    else if (flag === ':') return true;
    else throw new PatternError(`the flag '${flag}' is not supported`);
  }
}

function parseQuantifier(reader: PatternReader, item: PatternNode): PatternNode {
  const range = parseRange(reader);
  if (range === undefined) return item;
  const [min, max] = range;
  if (min > maxRepetitions || (max ?? 0) > maxRepetitions)
    throw new PatternError(`more than ${maxRepetitions} repetitions are not supported`);
  if (max !== undefined && max < min) throw new PatternError('a repetition ends before it begins');
  const lazy = reader.accept('?');
  if (reader.peek() === '+') throw new PatternError('possessive quantifiers are not supported');
  if ('*?{'.includes(reader.peek()) && reader.peek() !== '') throw new PatternError('a quantifier after a quantifier');
  return { kind: 'repeat', item, min, max, lazy };
}

function parseRange(reader: PatternReader): [number, number | undefined] | undefined {
  if (reader.accept('*')) return [0, undefined];
  if (reader.accept('+')) return [1, undefined];
  if (reader.accept('?')) return [0, 1];
  if (!reader.accept('{')) return undefined;
  const min = reader.takeWhile(/[0-9]/, 6);
  let max: string | undefined = min;
  if (reader.accept(',')) max = reader.peek() === '}' ? undefined : reader.takeWhile(/[0-9]/, 6);
  if (min === '' || max === '' || !reader.accept('}')) throw new PatternError('a repetition is written {n}, {n,} or {n,m}');
  return [Number(min), max === undefined ? undefined : Number(max)];
}

/** After `[`. Nested classes and `&&` are refused: Java's own versions disagree on what they mean beside `^`. */
function parseClass(reader: PatternReader): PatternNode {
  const negated = reader.accept('^');
  const parts: CodePointSet[] = [];
  if (reader.peek() === ']') throw new PatternError('a character class without characters; write \\] for the bracket itself');
  while (!reader.accept(']')) {
    if (reader.peek() === '') throw new PatternError('a character class never ends');
    if (reader.peek() === '[') throw new PatternError('a class inside a class is not supported; write \\[ for the bracket itself');
    if (reader.peek() === '&' && reader.peek(1) === '&') throw new PatternError('&& in a class is not supported');
    const predefined = reader.peek() === '\\' ? acceptPredefined(reader) : undefined;
    if (predefined !== undefined) {
      parts.push(predefined);
      if (reader.peek() === '-' && reader.peek(1) !== ']') throw new PatternError('a range cannot begin with a class');
      continue;
    }
    const first = parseClassCharacter(reader);
    if (reader.peek() !== '-' || reader.peek(1) === ']' || reader.peek(1) === '') {
      parts.push(characterSet(reader, first, first));
      continue;
    }
    reader.next();
    if (reader.peek() === '[' || reader.peek() === '-') throw new PatternError('a range must end with a character');
    const last = parseClassCharacter(reader);
    if (last < first) throw new PatternError('a range ends before it begins');
    parts.push(characterSet(reader, first, last));
    if (reader.peek() === '-' && reader.peek(1) !== ']') throw new PatternError('a range after a range; write \\- for the sign itself');
  }
  const set = union(...parts);
  return { kind: 'set', set: negated ? complement(set) : set };
}

function characterSet(reader: PatternReader, first: number, last: number): CodePointSet {
  return reader.flags.ignoreCase ? ignoringAsciiCase([[first, last]]) : [[first, last]];
}

function acceptPredefined(reader: PatternReader): CodePointSet | undefined {
  if (!/[dDwWsShHvVpP]/.test(reader.peek(1))) return undefined;
  reader.next();
  return predefinedClass(reader);
}

function parseClassCharacter(reader: PatternReader): number {
  const character = reader.next();
  if (character === '\\') return parseCharacterEscape(reader);
  return character.codePointAt(0) ?? 0;
}
