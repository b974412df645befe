// A table that was scored: how often each class was answered, what is to be known, and the file.

import { bar, element } from "./elements.js";

const CLASSES = 10; // shown; the file has them all

export function scoredOf(name, { rows, classes, notes, table }) {
  const heading = element("h2", {}, element("span", { class: "file" }, name), `${counted(rows)} ${rows === 1 ? "row" : "rows"} scored`);
  const told = notes.length === 0 ? [] : [element("ul", { class: "notes" }, ...notes.map((note) => element("li", {}, note)))];
  const file = new Blob([table], { type: "text/csv" });
  const link = { class: "button", href: URL.createObjectURL(file), download: `${name.replace(/\.\w+$/, "")}-scored.csv` };
  return element("article", { class: "answer" }, heading, element("p", {}, element("a", link, "Download the table with its answers")), answers(classes, rows), ...told);
}

function answers(classes, rows) {
  const found = Object.entries(classes).filter(([, n]) => n > 0).sort((a, b) => b[1] - a[1]);
  const most = found[0][1];
  const shown = found.slice(0, CLASSES).map(([label, n]) =>
    element("tr", {}, element("th", { scope: "row", class: "name" }, label), bar(n / most), element("td", { class: "n" }, `${counted(n)} (${((100 * n) / rows).toFixed(1)}\u00a0%)`)),
  );
  const more = found.length > CLASSES ? `, the ${CLASSES} most frequent of ${found.length}` : "";
  return element("table", { class: "bars" }, element("caption", {}, `How often each class was answered${more}`), element("tbody", {}, ...shown));
}

const counted = (n) => n.toLocaleString("en");
