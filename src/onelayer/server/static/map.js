// Which pixels pushed the decision: colours laid over the picture as the model sees it.

import { element } from "./elements.js";
import { short } from "./words.js";

const FOR = [11, 95, 165];
const AGAINST = [200, 84, 10];
const OUTLIERS = 0.01; // the share of pixels that may be stronger than the strongest colour

// shares: rows of pixels, each with what it adds to z.
export function contributionMap(shares, seen, label) {
  const strongest = scale(shares.flat());
  const canvas = element("canvas", { width: shares[0].length, height: shares.length });
  paint(canvas, shares, strongest);
  const alt = `The picture in grey, with the pixels that speak for ${label} in blue and those that speak against it in orange.`;
  const picture = element("img", { src: seen, alt: "" });
  return [element("div", { class: "map frame", role: "img", "aria-label": alt }, picture, canvas), legend(strongest)];
}

function scale(values) {
  const sizes = values.map(Math.abs).sort((a, b) => a - b);
  return sizes[Math.floor((1 - OUTLIERS) * (sizes.length - 1))] || sizes.at(-1) || 1;
}

function paint(canvas, shares, strongest) {
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(canvas.width, canvas.height);
  shares.flat().forEach((share, place) => {
    pixels.data.set(share < 0 ? AGAINST : FOR, 4 * place);
    pixels.data[4 * place + 3] = Math.round(235 * Math.min(1, Math.abs(share) / strongest));
  });
  context.putImageData(pixels, 0, 0);
}

function legend(strongest) {
  const ends = [`against, \u2212${short(strongest)} of z`, "0", `for, +${short(strongest)}`];
  return element(
    "div",
    { class: "legend" },
    element("div", { class: "ramp", "aria-hidden": "true" }),
    element("div", { class: "ends" }, ...ends.map((text) => element("span", {}, text))),
  );
}
