// Elements from words: element("p", {class: "muted"}, "text", child). Text is never taken for HTML.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(name, "");
    else if (value !== null && value !== false) made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// A bar as wide as a share of its cell; the policy of the page forbids style attributes.
export function bar(share, against = false) {
  const made = element("span", against ? { class: "against" } : {});
  made.style.width = `${100 * share}%`;
  return element("td", { class: "bar" }, made);
}
