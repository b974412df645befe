// Numbers as people read them.

const SPACE = "\u00a0";
const MINUS = "\u2212";

// A probability, which is never quite 0 or 1.
export function chance(p) {
  if (p < 0.001) return `<${SPACE}0.1${SPACE}%`;
  if (p > 0.999) return `>${SPACE}99.9${SPACE}%`;
  return `${(100 * p).toFixed(1)}${SPACE}%`;
}

export function signed(value, digits = 4) {
  const text = Math.abs(value) < 1e6 ? Math.abs(value).toFixed(digits) : Math.abs(value).toPrecision(6);
  return (value < 0 ? MINUS : "+") + text;
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
