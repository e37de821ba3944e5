/** How a file of separated values is written; the defaults of the service. */
export interface CsvFormat {
  readonly separator: string;
  readonly quote: string;
  readonly escape: string;
}

/** The rows of a text, each a list of cells; a quoted cell may hold line breaks. Empty lines are left out. */
export function parseCsv(text: string, { separator, quote, escape }: CsvFormat): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = '';
  let isQuoted = false;
  let hasContent = false;
  const endCell = (): void => {
    row.push(cell);
    cell = '';
  };
  const endRow = (): void => {
    endCell();
    if (hasContent) rows.push(row);
    row = [];
    hasContent = false;
  };
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (isQuoted) {
      if (character === quote && text.charAt(at + 1) === quote) {
        cell += quote;
        at += 1;
      } else if (character === escape && escape !== quote && at + 1 < text.length) {
        cell += text.charAt(at + 1);
        at += 1;
      } else if (character === quote) isQuoted = false;
      else cell += character;
    } else if (character === quote && cell === '') {
      isQuoted = true;
      hasContent = true;
    } else if (character === separator) {
      hasContent = true;
      endCell();
    } else if (character === '\n') endRow();
    else if (character !== '\r') {
      hasContent = true;
      cell += character;
    }
  }
  if (hasContent || cell !== '') endRow();
  return rows;
}

/** One line; a cell is quoted where it has to be. Undefined is an empty cell. */
export function csvLine(cells: readonly (string | undefined)[], { separator, quote, escape }: CsvFormat): string {
  return `${cells
    .map((cell) => {
      if (cell === undefined) return '';
      const isPlain = !cell.includes(separator) && !cell.includes(quote) && !cell.includes(escape) && !/[\r\n]/.test(cell) && cell !== '';
      return isPlain ? cell : `${quote}${cell.replaceAll(escape, escape + escape).replaceAll(quote, escape + quote)}${quote}`;
    })
    .join(separator)}\n`;
}
