// Numbers as people read them.

const SPACE = "\u00a0";
const MINUS = "\u2212";

// A probability, which is never quite 0 or 1.
export function chance(p) {
  if (p < 0.001) return `<${SPACE}0.1${SPACE}%`;
  if (p > 0.999) return `>${SPACE}99.9${SPACE}%`;
  return `${(100 * p).toFixed(1)}${SPACE}%`;
}

const DIGITS = 4; // decimals of what is added up

export function signed(value) {
  const size = Math.abs(value);
  return (value < 0 ? MINUS : "+") + (size < 1e6 ? size.toFixed(DIGITS) : size.toPrecision(6));
}

// Terms rounded so that, as they are shown, they add up to their total as it is shown: those that
// lose most by rounding down are rounded up.
export function roundedTerms(terms, total) {
  const unit = 10 ** -DIGITS;
  const floors = terms.map((term) => Math.floor(term / unit));
  const missing = Math.round(total / unit) - floors.reduce((a, b) => a + b, 0);
  const losses = terms.map((term, place) => ({ place, loss: term / unit - floors[place] }));
  const up = losses.sort((a, b) => b.loss - a.loss).slice(0, Math.max(0, missing));
  up.forEach(({ place }) => { floors[place] += 1; });
  return floors.map((units) => units * unit);
}

// Three digits, for what may be large or small.
export function short(value) {
  return Number(value.toPrecision(3)).toString().replace("-", MINUS);
}

export function megabytes(bytes) {
  return `${bytes / 1e6}${SPACE}MB`;
}

// rose; daisy or rose; daisy, rose or tulip
export function either(names, most = 6) {
  if (names.length > most) return `which of ${names.length} classes`;
  return [names.slice(0, -1).join(", "), names.at(-1)].filter(Boolean).join(" or ");
}
