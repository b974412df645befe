// A form made from a table's columns: a field each, filled in with what is usual.

import { element } from "./elements.js";
import { short } from "./words.js";

const NAMED = 3; // levels that act alike whose names are shown
const CHOICES = 200; // levels that a list to choose from is still of use for

export function fieldsOf(columns, alike) {
  return columns.map((column, place) => {
    const id = `cell-${place}`;
    const [field, ...more] = FIELDS[column.kind](id, column, alike[column.name] ?? []);
    return element("div", {}, element("label", { for: id }, column.name), field, ...more);
  });
}

// What the fields hold, by column; an empty field is a missing cell.
export function rowOf(columns) {
  return Object.fromEntries(columns.map((column, place) => [column.name, cell(column, place)]));
}

function cell({ kind }, place) {
  const { value } = document.getElementById(`cell-${place}`);
  if (value === "") return null;
  return kind === "number" ? Number(value) : value;
}

function number(id, { median, low, high }) {
  const usual = `usually ${short(low)} to ${short(high)}`;
  const field = { id, type: "number", step: "any", value: median, placeholder: "missing", "aria-describedby": `${id}-usual` };
  return [element("input", field), element("span", { id: `${id}-usual`, class: "muted" }, usual)];
}

// A date as 2024-12-31, or with a time; the server takes the other ways to write the column's dates, too.
function date(id, { median, low, high, notation }) {
  const shown = (seconds) => {
    const moment = new Date(seconds * 1000).toISOString();
    const clock = moment.slice(11, 16);
    if (notation === "23:59") return clock;
    return clock === "00:00" ? moment.slice(0, 10) : `${moment.slice(0, 10)} ${clock}`;
  };
  const usual = `usually ${shown(low)} to ${shown(high)}`;
  const field = { id, type: "text", value: shown(median), placeholder: "missing", "aria-describedby": `${id}-usual` };
  return [element("input", field), element("span", { id: `${id}-usual`, class: "muted" }, usual)];
}

function text(id) {
  return [element("textarea", { id, rows: 4, placeholder: "missing" })];
}

// Levels that act alike are one choice, where the first of them stands; any of them is sent for all.
function category(id, { levels, usual }, alike) {
  if (levels.length > CHOICES) return written(id, levels, usual);
  const once = levels.filter((level) => !alike.includes(level) || level === alike[0]);
  const named = (level) => (level === alike[0] ? alikeInWords(alike) : level);
  const chosen = alike.includes(usual) ? alike[0] : usual;
  const options = once.map((level) => element("option", { value: level, selected: level === chosen }, named(level)));
  return [element("select", { id }, element("option", { value: "" }, "missing"), ...options)];
}

function alikeInWords(alike) {
  const more = alike.length > NAMED ? `, ${alike.length - NAMED} more` : "";
  return `${alike.slice(0, NAMED).join(", ")}${more} (alike)`;
}

const FIELDS = { number, category, text, date };

function written(id, levels, usual) {
  const known = element("datalist", { id: `${id}-levels` }, ...levels.map((level) => element("option", { value: level })));
  return [element("input", { id, list: `${id}-levels`, value: usual ?? "", placeholder: "missing" }), known];
}
