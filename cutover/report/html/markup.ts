import type { Table } from "../table";

/** Text as it may stand in an element or in an attribute between double quotes. */
export const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");

/** A table in a box of its own, which scrolls where the page is too narrow for it. */
export function htmlTable({ columns, rows }: Table): string {
  const cells = (tag: "th" | "td", texts: readonly string[]) =>
    texts
      .map((text, index) => {
        const kind = columns[index]?.isFigure === true ? ' class="figure"' : "";
        return `<${tag}${kind}>${escaped(text)}</${tag}>`;
      })
      .join("");
  const head = cells(
    "th",
    columns.map(({ name }) => name),
  );
  const body = rows.map(({ cells: texts, tone, isTotal = false }) => {
    const kind = isTotal ? "total" : tone;
    return `<tr${kind === undefined ? "" : ` class="${kind}"`}>${cells("td", texts)}</tr>`;
  });
  return `<div class="scroll"><table>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody></table></div>`;
}

/** Sentences as a list; an option of a command in them stays in one piece, or its line would break after the hyphens. */
export const htmlList = (sentences: readonly string[]): string =>
  sentences.length === 0
    ? ""
    : `<ul>${sentences.map((it) => `<li>${escaped(it).replace(/--[a-z]+ \S+/g, "<code>$&</code>")}</li>`).join("")}</ul>`;
