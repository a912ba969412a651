/** A table before anybody has decided how it looks. */
export interface Table {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

export interface Column {
  readonly name: string;
  /** Figures stand to the right. @default false */
  readonly isFigure?: boolean;
}

export interface Row {
  readonly cells: readonly string[];
  /** `bad`: this went wrong; `notable`: worth a look. @default neither */
  readonly tone?: "bad" | "notable";
  /** Whether it sums up the rows above. @default false */
  readonly isTotal?: boolean;
}

export const words = (name: string): Column => ({ name });
export const figure = (name: string): Column => ({ name, isFigure: true });

/** What nobody measured. */
export const NOTHING = "–";

/** Text that neither ends a cell of a table nor begins an element of HTML. */
export const markdownText = (text: string): string =>
  text.replace(/[<|\\]/g, "\\$&").replace(/\s+/g, " ");

/** Lines whose columns stand below each other: readable as it is, in a terminal as well. */
export function markdownTable({ columns, rows }: Table): string[] {
  const cells = [
    columns.map(({ name }) => name),
    ...rows.map((row) => row.cells.map(markdownText)),
  ];
  const widths = widthsOf(cells).map((width) => Math.max(width, 3));
  const [head = "", ...body] = cells.map(
    (line) => `| ${padded(line, widths, columns).join(" | ")} |`,
  );
  const rule = widths.map((width, index) =>
    columns[index]?.isFigure === true ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [head, `| ${rule.join(" | ")} |`, ...body];
}

/** Lines without any frame, two blanks between columns. */
export function plainTable({ columns, rows }: Table): string[] {
  const cells = [columns.map(({ name }) => name), ...rows.map((row) => row.cells)];
  const widths = widthsOf(cells);
  return cells.map((line) => padded(line, widths, columns).join("  ").trimEnd());
}

const widthsOf = (cells: readonly (readonly string[])[]): number[] =>
  (cells[0] ?? []).map((_, index) => Math.max(...cells.map((line) => line[index]?.length ?? 0)));

const padded = (
  line: readonly string[],
  widths: readonly number[],
  columns: readonly Column[],
): string[] =>
  widths.map((width, index) => {
    const cell = line[index] ?? "";
    return columns[index]?.isFigure === true ? cell.padStart(width) : cell.padEnd(width);
  });
