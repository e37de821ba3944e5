import { javaRegexMatcher, type JavaRegexMatcher, type RegexMatch } from '../java-pattern/java-regex-matcher.js';
import { maxMadeTextLength, tooLongText } from '../values/made-text.js';
import { callback, type Callback } from './callback.js';

const isEmpty = (match: RegexMatch): boolean => match[0] === match[1];

/** What the group took part with, or null. */
function groupText(text: string, match: RegexMatch, group: number): string | null {
  const start = match[2 * group] ?? -1;
  return start < 0 ? null : text.slice(start, match[2 * group + 1]);
}

function checkGroups({ hasUncertainGroups }: JavaRegexMatcher): void {
  if (hasUncertainGroups) throw new Error('the groups of a pattern that repeats a group inside a repetition are not supported');
}

function checkedGroup(matcher: JavaRegexMatcher, group: bigint): number {
  const { groupCount } = matcher;
  if (group > 0n) checkGroups(matcher);
  if (group < 0n) throw new Error('Group cannot be negative');
  if (group > BigInt(groupCount)) throw new Error(`Pattern has ${groupCount} groups. Cannot access group ${group}`);
  return Number(group);
}

/** A replacement in pieces: texts, and numbers of groups. `$1`, `${name}`, and a backslash before what means itself. */
function parseReplacement(replacement: string, { groupCount, groupNames }: JavaRegexMatcher): readonly (string | number)[] {
  const pieces: (string | number)[] = [];
  const addText = (character: string): void => {
    const last = pieces.at(-1);
    if (typeof last === 'string') pieces[pieces.length - 1] = last + character;
    else pieces.push(character);
  };
  for (let at = 0; at < replacement.length; at += 1) {
    const character = replacement.charAt(at);
    if (character === '\\') {
      at += 1;
      if (at >= replacement.length) throw new Error('Illegal replacement sequence: a backslash at the end');
      addText(replacement.charAt(at));
    } else if (character !== '$') addText(character);
    else if (replacement.charAt(at + 1) === '{') {
      const end = replacement.indexOf('}', at);
      const name = replacement.slice(at + 2, end < 0 ? undefined : end);
      const group = end < 0 ? undefined : groupNames.get(name);
      if (group === undefined) throw new Error(`Illegal replacement sequence: unknown group { ${name} }`);
      pieces.push(group);
      at = end;
    } else {
      const digit = (index: number): number => (/^[0-9]$/.test(replacement.charAt(index)) ? Number(replacement.charAt(index)) : Number.NaN);
      let group = digit(at + 1);
      if (Number.isNaN(group)) throw new Error('Illegal replacement sequence: a $ without a group');
      if (group > groupCount) throw new Error(`Illegal replacement sequence: unknown group ${group}`);
      at += 1;
      for (let next = digit(at + 1); group * 10 + next <= groupCount; next = digit(at + 1)) {
        group = group * 10 + next;
        at += 1;
      }
      pieces.push(group);
    }
  }
  return pieces;
}

function replaceAll(text: string, pattern: string, replacement: string): string {
  const matcher = javaRegexMatcher(pattern);
  const pieces = parseReplacement(replacement, matcher);
  if (pieces.some((piece) => typeof piece === 'number' && piece > 0)) checkGroups(matcher);
  let result = '';
  let from = 0;
  for (const match of matcher.findAll(text)) {
    result += text.slice(from, match[0]);
    for (const piece of pieces) result += typeof piece === 'string' ? piece : (groupText(text, match, piece) ?? '');
    if (result.length > maxMadeTextLength) throw new Error(tooLongText);
    from = match[1] ?? from;
  }
  return result + text.slice(from);
}

function split(text: string, pattern: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const match of javaRegexMatcher(pattern).findAll(text)) {
    if (isEmpty(match)) throw new Error('regexp_split() at a match of the empty text is not supported');
    parts.push(text.slice(from, match[0]));
    from = match[1] ?? from;
  }
  parts.push(text.slice(from));
  return parts;
}

export const regexCallbacks: readonly Callback[] = [
  callback('ts_regexp_like', ['VARCHAR', 'VARCHAR'], 'BOOLEAN', (text, pattern) => javaRegexMatcher(pattern).find(text, 0) !== undefined),
  callback('ts_regexp_extract', ['VARCHAR', 'VARCHAR', 'BIGINT'], 'VARCHAR', (text, pattern, group) => {
    const matcher = javaRegexMatcher(pattern);
    const number = checkedGroup(matcher, group);
    const match = matcher.find(text, 0);
    return match === undefined ? null : groupText(text, match, number);
  }),
  callback('ts_regexp_extract_all', ['VARCHAR', 'VARCHAR', 'BIGINT'], 'VARCHAR[]', (text, pattern, group) => {
    const matcher = javaRegexMatcher(pattern);
    const number = checkedGroup(matcher, group);
    return Array.from(matcher.findAll(text), (match) => groupText(text, match, number));
  }),
  callback('ts_regexp_replace', ['VARCHAR', 'VARCHAR', 'VARCHAR'], 'VARCHAR', replaceAll),
  callback('ts_regexp_split', ['VARCHAR', 'VARCHAR'], 'VARCHAR[]', split),
  // The texts between the matches: what `regexp_replace` with a lambda puts the lambda's answers between.
  callback('ts_regexp_between', ['VARCHAR', 'VARCHAR'], 'VARCHAR[]', (text, pattern) => {
    const parts: string[] = [];
    let from = 0;
    for (const match of javaRegexMatcher(pattern).findAll(text)) {
      parts.push(text.slice(from, match[0]));
      from = match[1] ?? from;
    }
    return [...parts, text.slice(from)];
  }),
  // The groups of all matches one after another; groupCount for each match.
  callback('ts_regexp_groups', ['VARCHAR', 'VARCHAR'], 'VARCHAR[]', (text, pattern) => {
    const matcher = javaRegexMatcher(pattern);
    checkGroups(matcher);
    return Array.from(matcher.findAll(text)).flatMap((match) =>
      Array.from({ length: matcher.groupCount }, (_, index) => groupText(text, match, index + 1)),
    );
  }),
  callback('ts_regexp_group_count', ['VARCHAR'], 'BIGINT', (pattern) => BigInt(javaRegexMatcher(pattern).groupCount)),
];
