/** General categories of Unicode: how RE2 writes them, and their long names (Go `unicode`, CategoryAliases). */
const categories: Readonly<Record<string, readonly string[]>> = {
  C: ['Other'],
  Cc: ['Control', 'cntrl'],
  Cf: ['Format'],
  Cn: ['Unassigned'],
  Co: ['Private_Use'],
  Cs: ['Surrogate'],
  L: ['Letter'],
  LC: ['Cased_Letter'],
  Ll: ['Lowercase_Letter'],
  Lm: ['Modifier_Letter'],
  Lo: ['Other_Letter'],
  Lt: ['Titlecase_Letter'],
  Lu: ['Uppercase_Letter'],
  M: ['Mark', 'Combining_Mark'],
  Mc: ['Spacing_Mark'],
  Me: ['Enclosing_Mark'],
  Mn: ['Nonspacing_Mark'],
  N: ['Number'],
  Nd: ['Decimal_Number', 'digit'],
  Nl: ['Letter_Number'],
  No: ['Other_Number'],
  P: ['Punctuation', 'punct'],
  Pc: ['Connector_Punctuation'],
  Pd: ['Dash_Punctuation'],
  Pe: ['Close_Punctuation'],
  Pf: ['Final_Punctuation'],
  Pi: ['Initial_Punctuation'],
  Po: ['Other_Punctuation'],
  Ps: ['Open_Punctuation'],
  S: ['Symbol'],
  Sc: ['Currency_Symbol'],
  Sk: ['Modifier_Symbol'],
  Sm: ['Math_Symbol'],
  So: ['Other_Symbol'],
  Z: ['Separator'],
  Zl: ['Line_Separator'],
  Zp: ['Paragraph_Separator'],
  Zs: ['Space_Separator'],
  // As re2js spells these two.
  Any: [],
  Ascii: [],
  Assigned: [],
};

const canonicalByFolded: ReadonlyMap<string, string> = new Map([
  ...Object.entries(categories).flatMap(([short, long]) => [short, ...long].map((name) => [folded(name), short] as const)),
  // The one script whose name is not one capital per word.
  [folded('SignWriting'), 'SignWriting'],
]);

/** Classes of re2js that Go's `regexp/syntax` does not know: it has categories and scripts, no other properties. */
const properties: ReadonlySet<string> = new Set([
  'Ascii_Hex_Digit',
  'Alphabetic',
  'Dash',
  'Emoji',
  'Emoji_Component',
  'Emoji_Modifier',
  'Emoji_Modifier_Base',
  'Emoji_Presentation',
  'Extended_Pictographic',
  'Hex_Digit',
  'Lowercase',
  'Math',
  'Quotation_Mark',
  'Terminal_Punctuation',
  'Uppercase',
  'White_Space',
]);

/**
 * How re2js knows the class that Go (since 1.25) takes a name in `\p{name}` for, whatever its case and whether its words are joined by `_`,
 * `-`, spaces or, for categories, not at all. Whether there is such a script only re2js knows.
 *
 * @returns null if the name is a property that Go does not know
 */
export function canonicalUnicodeClass(name: string): string | null {
  const category = canonicalByFolded.get(folded(name));
  if (category !== undefined) return category;
  const words = name.split(/[ _-]+/).map((word) => word.slice(0, 1).toUpperCase() + word.slice(1).toLowerCase());
  const canonical = words.join('_');
  return properties.has(canonical) ? null : canonical;
}

function folded(name: string): string {
  return name.toLowerCase().replace(/[ _-]/g, '');
}
