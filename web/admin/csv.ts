/** Figures as a CSV file that spreadsheets open as it is meant. Pure; `saveCsv` hands it to the browser. */

export type CsvValue = string | number | null;

/** Spreadsheets run a cell that begins so as a formula, and a provider's name may come from outside. */
const FORMULA_START = /^[=+\-@\t\r]/;

function toCell(value: CsvValue): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = FORMULA_START.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** RFC 4180: comma, CRLF, quotes doubled; null is an empty cell. */
export function toCsv(columns: readonly string[], rows: readonly (readonly CsvValue[])[]): string {
  return [columns, ...rows].map((row) => `${row.map(toCell).join(",")}\r\n`).join("");
}

/** Offers the text as a download. */
export function saveCsv(name: string, csv: string): void {
  const url = URL.createObjectURL(new Blob([csv], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
