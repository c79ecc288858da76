import { stripVTControlCharacters } from 'node:util';

const GAP = '  ';

/**
 * Lays rows out in columns that are as wide as their widest cell; the last one is left ragged.
 *
 * Takes:   `rows` — the first may be a heading; cells may hold colours, and must hold no line breaks.
 * Returns: one line a row, joined; empty for no rows.
 */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = widthsOf(rows);
  return rows
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : padded(cell, widths[column] ?? 0)))
        .join(GAP)
        .trimEnd(),
    )
    .join('\n');
}

/** A table with a heading in capitals, or `empty` when there is nothing under it. */
export function headedTable(
  heading: readonly string[],
  rows: readonly (readonly string[])[],
  empty: string,
): string {
  return rows.length === 0 ? empty : table([heading.map((cell) => cell.toUpperCase()), ...rows]);
}

/** Indents every line that is not empty. */
export function indented(text: string, by = '  '): string {
  return text.replaceAll(/^(?=.)/gmu, by);
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    }
  }
  return widths;
}

function padded(cell: string, width: number): string {
  return cell + ' '.repeat(Math.max(0, width - widthOf(cell)));
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
