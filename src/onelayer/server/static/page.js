// The page: asks the server what the model takes, and shows what it says of what is given.

import { Refusal, explainFile, explainRow, model, scoreTable, token } from "./api.js";
import { answerOf, explainsPlaces, failureOf } from "./answer.js";
import { element } from "./elements.js";
import { fieldsOf, rowOf } from "./form.js";
import { scoredOf } from "./scored.js";
import { chance, either, megabytes } from "./words.js";

const at = (id) => document.getElementById(id);
const status = (text) => { at("status").textContent = text; };

const PAUSE = 150; // milliseconds: shorter than people notice, longer than between two keys

let rule = null; // how the model answers, where it is not with the likeliest class
let worth = null; // how often such answers were right, where somebody judged
let waiting = Promise.resolve(); // one request after the other: answers come in the order of asking

async function start() {
  try {
    show(await model());
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) unlock(token.get() !== null);
    else status(`Nothing can be shown: ${error.message}`);
  }
}

function unlock(wrong) {
  at("unlock").hidden = false;
  at("token").focus();
  if (wrong) status("That token is not the right one.");
}

function show(described) {
  explainsPlaces(described.encoder);
  ({ rule, worth } = described);
  at("unlock").hidden = true;
  status("");
  const question = either(described.classes);
  const [asked, of] = [`${question[0].toUpperCase()}${question.slice(1)}?`, described.target];
  at("title").textContent = of === null ? asked : `${of}: ${question}?`;
  document.title = `${of === null ? question : `${of}: ${question}`} · one layer`;
  const [meaning, take] = {
    pictures: [`Give a picture, and see what one layer takes it for and which of its ${described.encoder === null ? "pixels" : "places"} decided.`, takePictures],
    rows: ["Give numbers, and see what one layer takes them for and which of them decided.", takeRows],
    table: ["Fill in a row, and see what one layer takes it for and which of its columns decided.", takeTable],
  }[described.kind];
  at("meaning").textContent = meaning;
  take(described);
  const lines = described.summary.map(({ heading, text }) => [element("dt", {}, heading), element("dd", {}, text)]);
  at("summary").replaceChildren(...lines.flat());
  at("card").hidden = false;
}

function takePictures({ limits }) {
  at("ask-pictures").hidden = false;
  const most = `up to ${megabytes(limits.upload)} and ${limits.pixels / 1e6} megapixels`;
  at("takes").textContent = `JPEG, PNG, WebP, AVIF, GIF, TIFF and more, ${most}`;
  at("files").addEventListener("change", () => {
    predictFiles([...at("files").files]);
    at("files").value = ""; // the same file can be chosen again
  });
  document.addEventListener("paste", (event) => predictFiles([...event.clipboardData.files]));
  listenForDrops(at("drop"), predictFiles);
}

function listenForDrops(zone, take) {
  const over = (is) => zone.classList.toggle("over", is);
  document.addEventListener("dragover", (event) => { event.preventDefault(); over(true); });
  document.addEventListener("dragleave", (event) => { if (event.relatedTarget === null) over(false); });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    over(false);
    take([...event.dataTransfer.files]);
  });
}

function predictFiles(files) {
  const explain = (file) => (label) => explainFile(file, label);
  predictAll(files.map((file) => ({ title: file.name || "pasted picture", given: file, explain: explain(file) })));
}

function takeRows({ features }) {
  at("ask-rows").hidden = false;
  const each = features === 1 ? "1 number" : `${features} numbers`;
  at("row-shape").textContent = `${each} a line, with commas or spaces between; a line is an example.`;
  at("ask-rows").addEventListener("submit", (event) => {
    event.preventDefault();
    const rows = at("rows").value.split("\n").map(numbers).filter((row) => row.length > 0);
    const explain = (row) => (label) => explainRow(row, label);
    predictAll(rows.map((row, place) => ({ title: `row ${place + 1}`, given: null, explain: explain(row) })));
  });
}

function takeTable({ columns, alike, limits }) {
  takeCsv(limits);
  at("ask-table").hidden = false;
  at("cells").replaceChildren(...fieldsOf(columns, alike));
  const names = columns.map(({ name }) => name);
  let given = 0;
  at("ask-table").addEventListener("submit", (event) => {
    event.preventDefault();
    const row = rowOf(columns);
    given += 1;
    forget();
    const explain = async (label) => ({ ...(await explainRow(row, label)), names });
    predictAll([{ title: `row ${given}`, given: null, explain }]);
  });
  at("cells").addEventListener("input", () => what(columns, names));
}

function takeCsv(limits) {
  at("ask-csv").hidden = false;
  at("table-takes").textContent = `up to ${limits.table_rows.toLocaleString("en")} rows and ${megabytes(limits.upload)}; the first line names the columns`;
  const take = ([file]) => {
    if (file !== undefined) waiting = waiting.then(() => score(file, limits));
  };
  at("table-file").addEventListener("change", () => {
    take([...at("table-file").files]);
    at("table-file").value = "";
  });
  listenForDrops(at("drop-table"), take);
}

async function score(file, limits) {
  status(`Scoring ${file.name} …`);
  let shown;
  try {
    if (file.size > limits.upload) throw new Refusal(413, `it has more than ${megabytes(limits.upload)}`);
    shown = scoredOf(file.name, await scoreTable(file));
    status(`${file.name}: scored`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    shown = failureOf(file.name, error.message);
    status(`${file.name}: no answer, ${error.message}`);
  }
  at("answers").prepend(element("div", { class: "batch" }, shown));
}

// What if: the answer follows the fields, a moment after the last change; the latest alone is shown.
let asked = 0;
let soon = null;

function what(columns, names) {
  clearTimeout(soon);
  soon = setTimeout(() => follow(rowOf(columns), names), PAUSE);
}

function forget() {
  clearTimeout(soon);
  asked += 1;
  at("live").replaceChildren();
}

async function follow(row, names) {
  asked += 1;
  const mine = asked;
  const explain = async (label) => ({ ...(await explainRow(row, label)), names });
  let shown;
  try {
    shown = answerOf("as filled in", await explain(null), explain, { given: null, rule, worth, tag: "div" });
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    shown = failureOf("as filled in", error.message, "div");
  }
  if (mine === asked) at("live").replaceChildren(shown);
}

// What is no number stays text, which the server names in its answer.
function numbers(line) {
  const fields = line.split(/[\s,;]+/).filter(Boolean);
  return fields.map((field) => (Number.isFinite(Number(field)) ? Number(field) : field));
}

function predictAll(examples) {
  if (examples.length === 0) return;
  const place = element("div", { class: "batch" });
  at("answers").prepend(place);
  at("answers").setAttribute("aria-busy", "true");
  for (const example of examples) {
    waiting = waiting.then(() => predictOne(example, place));
  }
  waiting = waiting.then(() => at("answers").removeAttribute("aria-busy"));
}

async function predictOne({ title, given, explain }, place) {
  status(`Predicting ${title} …`);
  try {
    const found = await explain(null);
    place.append(answerOf(title, found, explain, { given, rule, worth }));
    status(`${title}: ${found.explains}, ${chance(found.probabilities[found.explains])}`);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    place.append(failureOf(title, error.message));
    status(`${title}: no answer, ${error.message}`);
  }
}

at("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  token.set(at("token").value.trim());
  start();
});
if ("locked" in document.documentElement.dataset && token.get() === null) unlock(false);
else start();
