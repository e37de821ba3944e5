/** The beginning of a name that is escaped so that every character of it is a letter, a digit or `_` (`U__` escaping of OpenMetrics). */
const ESCAPED = 'U__';

/** One character of an escaped name: anything but `_`, `__` for `_`, or `_`, at most five hex digits, `_`. */
const CHARACTER = /[^_]|__|_([0-9a-fA-F]{1,5})_/gy;

/**
 * The label name that a name in a path stands for: `U__http_2e_status` is `http.status`. What is not escaped, or wrongly, means itself
 * (`model.UnescapeName` with ValueEncodingEscaping in Prometheus' common library).
 */
export function unescapeLabelName(name: string): string {
  if (!name.startsWith(ESCAPED)) return name;
  const escaped = name.slice(ESCAPED.length);
  let unescaped = '';
  let length = 0;
  for (const [text, digits] of escaped.matchAll(CHARACTER)) {
    length += text.length;
    if (digits === undefined) unescaped += text === '__' ? '_' : text;
    else {
      const codePoint = Number.parseInt(digits, 16);
      // Half of a pair is no character.
      if (codePoint >= 0xd800 && codePoint <= 0xdfff) return name;
      unescaped += String.fromCodePoint(codePoint);
    }
  }
  return length === escaped.length ? unescaped : name;
}
