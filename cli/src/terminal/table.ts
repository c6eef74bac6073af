/** How one column of a table is written. */
export interface Column {
  readonly title: string;
  /** Numbers read better to the right. */
  readonly align?: "left" | "right";
}

/**
 * A table of plain text: a header, a rule, one line a row, two spaces between columns, no trailing spaces.
 * `rows`: each as long as `columns`; a missing cell is empty.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...rows.map((row) => (row[index] ?? "").length)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, index) => alignCell(cells[index] ?? "", widths[index] ?? 0, column.align))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  return [line(columns.map((column) => column.title)), rule, ...rows.map(line)].join("\n");
}

/** Pairs as lines with the values in one column: the first word of each pair is its name. */
export function formatFields(fields: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join("\n");
}

function alignCell(cell: string, width: number, align: "left" | "right" = "left"): string {
  return align === "right" ? cell.padStart(width) : cell.padEnd(width);
}
