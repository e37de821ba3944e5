/**
 * The texts of a pattern that is nothing but literals with `|` between them, maybe in one pair of parentheses, as dashboards write them from
 * lists of values: `a|b`, `(10\.0\.0\.1:9090|10\.0\.0\.2:9090)`. Null for any other pattern.
 *
 * Every such pattern is valid RE2, so it needs neither a parser nor an engine, however long it is.
 */
export function plainAlternation(pattern: string): readonly string[] | null {
  const inner = pattern.startsWith('(') && pattern.endsWith(')') && !pattern.endsWith('\\)') ? pattern.slice(1, -1) : pattern;
  const options: string[] = [];
  let option = '';
  for (let index = 0; index < inner.length; index++) {
    let character = inner.charAt(index);
    if (character === '|') {
      options.push(option);
      option = '';
      continue;
    }
    if (character === '\\') {
      character = inner.charAt(++index);
      if (!/^[!-/:-@[-`{-~]$/.test(character)) return null;
    } else if (/[\^$.*+?()[\]{}]/.test(character)) return null;
    option += character;
  }
  return [...new Set([...options, option])];
}
