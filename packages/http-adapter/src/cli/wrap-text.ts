const LINE_WIDTH = 120;

/** The text behind a first line's beginning, its further lines below the text. A word that is longer than the line, such as an address, stays whole. */
export function wrapText(beginning: string, text: string): string {
  const indent = ' '.repeat(beginning.length);
  const lines: string[] = [];
  let line = beginning;
  let isEmpty = true;
  for (const word of text.split(/\s+/)) {
    if (!isEmpty && line.length + 1 + word.length > LINE_WIDTH) {
      lines.push(line);
      line = indent;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return `${[...lines, line].join('\n')}\n`;
}
