/** CSV as spreadsheets read it, without letting data become formulas. */

export interface CsvColumn<Row> {
  head: string;
  value: (row: Row) => string | number | undefined;
}

/** RFC 4180 with CRLF; every cell is a text that a spreadsheet takes as it stands. */
export function toCsv<Row>(columns: readonly CsvColumn<Row>[], rows: readonly Row[]): string {
  const lines = [columns.map(({ head }) => csvCell(head))];
  for (const row of rows) lines.push(columns.map(({ value }) => csvCell(value(row))));
  return lines.map((cells) => `${cells.join(",")}\r\n`).join("");
}

/**
 * One cell. A text that a spreadsheet would run as a formula (it begins with = + - @, a tab or a line break) gets an
 * apostrophe in front; numbers stay numbers.
 */
export function csvCell(value: string | number | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(value);
  const safe = /^[=+\-@\t\r\n]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
