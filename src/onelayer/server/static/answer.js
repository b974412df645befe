// One answer: the class, every probability as a bar, what was seen, and the sum that z is.

import { bar, element } from "./elements.js";
import { contributionMap } from "./map.js";
import { chance, roundedTerms, short, signed } from "./words.js";

const CLASSES = 10; // bars shown at once; the others are one click away
const FEATURES = 15;

// explanation: what /v1/explain answered of the predicted class, which it names as `probabilities`
// does; explainAgain(label) asks it for another; given: the file, null for a row; rule: how the model answers, null where it is with the likeliest class;
// worth: how often it was right where it was judged, null where it was not.
export function answerOf(title, explanation, explainAgain, { given, rule, worth = null, tag = "article" }) {
  const reasons = element("div", { class: "reasons" });
  showReasons(reasons, explanation, explainAgain);
  const label = explanation.explains;
  const heading = element("h2", {}, element("span", { class: "file" }, title), label);
  const sure = element("p", { class: "sure" }, `${chance(explanation.probabilities[label])} sure`);
  const pictures = explanation.seen === null ? [] : [seenPictures(explanation, given)];
  const told = rule === null ? [] : [element("p", { class: "rule" }, ruleOf(explanation, rule))];
  const body = element("div", { class: "pair" }, element("div", {}, ...pictures, bars(explanation), ...similar(explanation)), reasons);
  const known = worth === null ? [] : [element("p", { class: "muted" }, worth)];
  const { unlike = null } = explanation;
  const odd = unlike === null ? [] : [element("p", { class: "caveat" }, `Unlike anything that it was trained on, so this is a guess: ${unlike}.`)];
  return element(tag, { class: "answer" }, heading, sure, ...odd, ...told, ...known, body);
}

function ruleOf({ probabilities, explains }, rule) {
  const sorted = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
  const [likeliest, p] = sorted[0];
  if (likeliest === explains) return `The model's rule answers ${rule}.`;
  return `${likeliest} is likelier (${chance(p)}), but the model's rule answers ${rule}.`;
}

export function failureOf(title, why, tag = "article") {
  const heading = element("h2", {}, element("span", { class: "file" }, title), "No answer");
  return element(tag, { class: "answer failed" }, heading, element("p", { class: "caveat" }, why));
}

function seenPictures(explanation, given) {
  const list = element("div", { class: "pictures" });
  if (given !== null) list.append(figure(originalOf(given), "as given"));
  const seen = element("img", { class: "frame seen", src: explanation.seen, alt: "The picture as the model sees it" });
  const caption = figure(seen, "as the model sees it");
  seen.addEventListener("load", () => {
    caption.querySelector("figcaption").textContent = `as the model sees it, ${seen.naturalWidth} × ${seen.naturalHeight}`;
    seen.classList.toggle("fine", fine(seen));
  });
  list.append(caption);
  return list;
}

// A picture of so many pixels is no mosaic.
function fine(picture) {
  return picture.naturalWidth > 100;
}

// Browsers show most of what the server reads; of HEIC and TIFF there is no "as given".
function originalOf(file) {
  const address = URL.createObjectURL(file);
  const picture = element("img", { class: "frame", alt: "The picture as given", src: address });
  picture.addEventListener("load", () => URL.revokeObjectURL(address));
  picture.addEventListener("error", () => {
    URL.revokeObjectURL(address);
    picture.closest("figure").remove();
  });
  return picture;
}

function figure(picture, caption) {
  return element("figure", {}, picture, element("figcaption", {}, caption));
}

function bars({ probabilities }) {
  const sorted = Object.entries(probabilities).sort((a, b) => b[1] - a[1]);
  const shown = table("Probabilities", sorted.slice(0, CLASSES).map(probabilityRow));
  shown.classList.add("ranked");
  if (sorted.length <= CLASSES) return shown;
  const others = table("The other classes", sorted.slice(CLASSES).map(probabilityRow));
  const count = sorted.length - CLASSES;
  return element("div", {}, shown, element("details", {}, element("summary", {}, `${count} more`), others));
}

function probabilityRow([label, p]) {
  return row(label, bar(p), chance(p));
}

function row(name, middle, value) {
  const cells = [element("th", { scope: "row", class: "name" }, name), middle, element("td", { class: "n" }, value)];
  return element("tr", {}, ...cells.filter(Boolean));
}

function table(caption, rows) {
  return element("table", { class: "bars" }, element("caption", {}, caption), element("tbody", {}, ...rows));
}

// What an encoder's model has seen that looks most like it, where it keeps pictures of training.
function similar({ similar: found = [] }) {
  if (found.length === 0) return [];
  const shown = found.map(({ class: label, likeness, picture }) => {
    const image = element("img", { class: "frame", src: picture, alt: `A picture of training, of ${label}`, width: 64, height: 64 });
    return figure(image, `${label}, ${likeness.toFixed(2)}`);
  });
  const told = "The most similar pictures of training that the model keeps, by the cosine of the encoder’s features: 1 is the same direction.";
  return [element("section", { class: "similar" }, element("p", { class: "muted" }, told), element("div", { class: "row" }, ...shown))];
}

function showReasons(place, explanation, explainAgain) {
  const label = explanation.explains;
  const choice = classChoice(explanation, async (other) => {
    showReasons(place, await explainAgain(other), explainAgain);
    place.querySelector("select").focus();
  });
  const shown = isMap(explanation) ? pixels(explanation, label) : features(explanation);
  place.replaceChildren(choice, ...shown, sum(explanation));
}

function classChoice({ probabilities, explains }, change) {
  const options = Object.keys(probabilities).map((label) =>
    element("option", { value: label, selected: label === explains }, label),
  );
  const select = element("select", {}, ...options);
  select.addEventListener("change", () => change(select.value));
  return element("label", { class: "choice" }, "What speaks for and against ", select);
}

function isMap({ contributions }) {
  return Array.isArray(contributions[0]);
}

// Of an encoder's picture the shares are those of places, far fewer than its pixels.
function isOfPlaces(explanation) {
  return isMap(explanation) && encoded;
}

let encoded = false;

export function explainsPlaces(encoder) {
  encoded = encoder !== null;
}

function pixels(explanation, label) {
  const { contributions, seen } = explanation;
  const caption = isOfPlaces(explanation)
    ? "Each place's share of z: what the encoder says of it, times the weights. They add up to z less the intercept."
    : "Each pixel's share of z: weight times value, its colours added up.";
  const shown = contributionMap(contributions, seen, label);
  return [element("figure", { class: "pushed" }, ...shown, element("figcaption", {}, caption))];
}

function features({ contributions, names = null, words = {} }) {
  const largest = contributions
    .map((share, column) => ({ share, name: names ? names[column] : `column ${column}` }))
    .sort((a, b) => Math.abs(b.share) - Math.abs(a.share))
    .slice(0, FEATURES);
  const most = Math.abs(largest[0].share) || 1;
  const rows = largest.map(({ name, share }) => row(name, bar(Math.abs(share) / most, share < 0), signed(share)));
  const rest = contributions.length - rows.length;
  const caption = `What each ${names ? "column" : "number"} adds to z${rest > 0 ? `: the ${rows.length} that add most, of ${contributions.length}` : ""}`;
  return [table(caption, rows), ...Object.entries(words).map(wordsOf)];
}

// What the words of a text add: their sum is its column's share.
function wordsOf([column, told]) {
  if (told.length === 0) return element("p", { class: "caveat" }, `No word of ${column} was seen in training often enough.`);
  const most = Math.abs(told[0][1]) || 1;
  const rows = told.slice(0, FEATURES).map(([word, share]) => row(word, bar(Math.abs(share) / most, share < 0), signed(share)));
  return table(`What words and pairs of words of ${column} add to z, those that add most`, rows);
}

function sum(explanation) {
  const { contributions, intercept, z, explains, seen, names = null } = explanation;
  const all = contributions.flat();
  const what = isOfPlaces(explanation) ? "Places" : seen !== null && !encoded ? "Pixels" : names ? "Columns" : "Numbers";
  const total = (sign) => all.filter((share) => sign * share > 0).reduce((a, b) => a + b, 0);
  const headings = ["Intercept", `${what} for ${explains}`, `${what} against`];
  const terms = roundedTerms([intercept, total(1), total(-1)], z);
  const rows = [...headings.map((name, place) => row(name, null, signed(terms[place]))), row("z", null, signed(z))];
  rows.at(-1).className = "total";
  return element("div", { class: "sum" }, table("One layer is one sum", rows), element("p", { class: "muted" }, meaningOf(explanation)));
}

// A calibrated model divides z by its temperature; class weights that were undone move it, too.
function meaningOf({ explains, against, temperature, offset }) {
  const divided = temperature === 1 ? "z" : `z / ${short(temperature)}`;
  const logit = offset === 0 ? divided : `${divided} ${offset < 0 ? "\u2212" : "+"} ${short(Math.abs(offset))}`;
  const calibrated = logit === "z" ? "" : ` z itself is the layer's; ${logit} is calibrated.`;
  if (against !== null) return `${logit} is the log-odds of ${explains} against ${against}.${calibrated}`;
  return `z is the score of ${explains} above the mean score of all classes: softmax of ${logit} is the probability.${calibrated}`;
}
