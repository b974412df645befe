// What is moved in a part of the lesson, and what is shown for it. Nothing is computed here:
// `ask(chosen)` promises the answer as HTML, from Python or from the page's own table of answers.
// `still` is a page that nobody answers: its examples can be pointed at, not moved.

// What was written in the exercises, for the last of them.
const WRITTEN = (globalThis.onelayerWritten ??= {});

function play(part, ask, still) {
  const controls = part.querySelector("form");
  const shown = part.querySelector(".shown");
  const own = {}; // what no input holds: rates of a walk, examples, presses, files
  let busy = false;
  let again = false;
  let held = null; // the example under the hand
  let dragged = false;
  let walking = false;
  let running = false;
  let restoring = false; // the focus returns to an example that was drawn anew: no hand did that
  let last = ""; // where the pointer was: a figure drawn anew under a pointer at rest is no move

  const inputs = () => [...controls.querySelectorAll("[name]")];

  function read(input) {
    if (input.type === "range") return JSON.parse(input.dataset.values)[input.value];
    if (input.type === "checkbox") return input.checked;
    if (input.type === "radio" || input.tagName === "SELECT") return JSON.parse(input.value);
    return input.value;
  }

  function chosen(name) {
    const found = inputs().find(
      (i) => i.name === name && (i.type !== "radio" || i.checked),
    );
    return found && read(found);
  }

  function everything() {
    const all = { ...own };
    if (part.dataset.gathers !== undefined) all.written = { ...WRITTEN };
    for (const input of inputs()) {
      if (input.dataset.local !== undefined || input.type === "file") continue;
      if (input.type !== "radio" || input.checked) all[input.name] = read(input);
    }
    return all;
  }

  async function answer() {
    again = true;
    if (busy) return;
    busy = true;
    while (again) {
      again = false;
      shown.setAttribute("aria-busy", "true");
      const html = await ask(everything());
      shown.removeAttribute("aria-busy");
      if (html !== null) show(html);
    }
    busy = false;
  }

  function show(html) {
    const active = shown.getRootNode().activeElement;
    const number = active && shown.contains(active) ? active.dataset.number : undefined;
    shown.innerHTML = html;
    restoring = true;
    if (number !== undefined) example(number)?.focus({ preventScroll: true });
    restoring = false;
    if (held) place(held);
  }

  // --- examples on a figure ---------------------------------------------------------------------

  const example = (number) => shown.querySelector(`.example[data-number="${number}"]`);
  const figure = () => shown.querySelector("svg[data-live]");

  function examples() {
    return [...shown.querySelectorAll(".example")].map((e) => e.dataset.at.split(" ").map(Number));
  }

  function scale() {
    const svg = figure();
    const [left, top, right, below] = svg.dataset.box.split(" ").map(Number);
    const { width, height } = svg.viewBox.baseVal;
    const [x0, x1, y0, y1] = svg.dataset.window.split(" ").map(Number);
    return { svg, left, top, wide: width - left - right, high: height - top - below, width, x0, x1, y0, y1 };
  }

  function under(event) {
    const s = scale();
    const box = s.svg.getBoundingClientRect();
    const unit = s.width / box.width;
    const right = ((event.clientX - box.left) * unit - s.left) / s.wide;
    const down = ((event.clientY - box.top) * unit - s.top) / s.high;
    return [s.x0 + right * (s.x1 - s.x0), s.y1 - down * (s.y1 - s.y0)];
  }

  function within([x, y]) {
    const s = scale();
    const round = (v) => Math.round(v * 100) / 100;
    return [
      round(Math.min(Math.max(x, s.x0), s.x1)),
      round(Math.min(Math.max(y, s.y0), s.y1)),
    ];
  }

  function place({ number, at }) {
    const s = scale();
    const x = s.left + (s.wide * (at[0] - s.x0)) / (s.x1 - s.x0);
    const y = s.top + (s.high * (s.y1 - at[1])) / (s.y1 - s.y0);
    example(number)?.setAttribute("transform", `translate(${x} ${y})`);
  }

  function change(number, at) {
    const points = own.points || examples();
    if (number === points.length) points.push(at);
    else if (at === null) points.splice(number, 1);
    else points[number] = [...at.slice(0, 2), at[2] ?? points[number][2]];
    own.points = points;
    own.pointed = at === null ? null : number;
    return answer();
  }

  const numbered = (event) => event.target.closest?.(".example")?.dataset.number;

  shown.addEventListener("pointermove", (event) => {
    const here = `${event.clientX} ${event.clientY}`;
    if (here !== last) point(numbered(event));
    last = here;
  });
  shown.addEventListener("focusin", (event) => restoring || point(numbered(event)));
  function point(number) {
    if (number === undefined || held || own.pointed === Number(number)) return;
    own.pointed = Number(number);
    answer();
  }

  shown.addEventListener("pointerdown", (event) => {
    const number = numbered(event);
    dragged = false;
    if (number === undefined || still) return;
    event.preventDefault();
    example(number).focus({ preventScroll: true });
    held = { number: Number(number), at: examples()[number] };
    addEventListener("pointermove", drag);
    addEventListener("pointerup", drop, { once: true });
    addEventListener("pointercancel", drop, { once: true });
  });

  function drag(event) {
    held.at = within(under(event));
    dragged = true;
    place(held);
    change(held.number, held.at);
  }

  function drop() {
    removeEventListener("pointermove", drag);
    held = null;
  }

  shown.addEventListener("click", (event) => {
    if (dragged || still || !event.target.closest("svg[data-live]")) return;
    const tool = chosen("hand");
    const number = numbered(event);
    if (number !== undefined) {
      change(Number(number), tool === null ? null : [...examples()[number].slice(0, 2), tool]);
      return;
    }
    const at = under(event);
    if (tool === null || within(at).some((v, i) => Math.abs(v - at[i]) > 0.01)) return;
    change(examples().length, [...within(at), tool]);
  });

  const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  shown.addEventListener("keydown", (event) => {
    const number = numbered(event);
    if (number === undefined || still) return;
    const [x, y, label] = (own.points || examples())[number];
    const move = MOVES[event.key];
    const s = scale();
    if (move) {
      const step = (event.shiftKey ? 0.1 : 0.02) * (s.x1 - s.x0);
      change(Number(number), within([x + step * move[0], y + step * move[1]]));
    } else if (event.key === " " || event.key === "Enter") change(Number(number), [x, y, 1 - label]);
    else if (event.key === "Delete" || event.key === "Backspace") change(Number(number), null);
    else return;
    event.preventDefault();
  });

  // --- what stands beside the figures -----------------------------------------------------------

  function say(input) {
    const text = JSON.parse(input.dataset.shown)[input.value];
    input.closest("label").querySelector("output").textContent = text;
    input.setAttribute("aria-valuetext", text);
  }

  controls.addEventListener("input", async (event) => {
    const input = event.target;
    if (input.type === "range") say(input);
    if (input.tagName === "TEXTAREA") WRITTEN[part.dataset.part] = input.value;
    if (input.type === "file") own[input.name] = await encoded(input.files[0]);
    if (input.dataset.renews !== undefined) own.points = own.pointed = null;
    const { local, late } = input.dataset;
    if (input.tagName !== "TEXTAREA" && local === undefined && late === undefined) answer();
  });

  // A folder is read when its name is whole: half of it may be another, and a large one.
  controls.addEventListener("change", (event) => {
    if (event.target.dataset.late !== undefined) answer();
  });

  controls.addEventListener("submit", (event) => event.preventDefault());

  controls.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { press, steps } = button.dataset;
    if (press) own[press] = (own[press] || 0) + 1;
    else if (button.dataset.add !== undefined) {
      const s = scale();
      change(examples().length, [(s.x0 + s.x1) / 2, (s.y0 + s.y1) / 2, chosen("hand") ?? 1]).then(
        () => example(examples().length - 1)?.focus(),
      );
      return;
    } else if (steps === "run") return void run(button);
    else step(steps === "none" ? null : 1, button);
    answer();
  });

  controls.addEventListener("keydown", (event) => {
    const area = event.target;
    if (area.tagName !== "TEXTAREA" || event.key !== "Enter" || event.isComposing) return;
    const before = area.value.slice(0, area.selectionStart);
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const indent = line.match(/^ */)[0] + (line.trimEnd().endsWith(":") ? "    " : "");
    event.preventDefault();
    area.setRangeText("\n" + indent, area.selectionStart, area.selectionEnd, "end");
  });

  function step(count, button) {
    const most = Number(button.closest(".walk").dataset.most);
    const taken = own.rates || [];
    own.rates = count === null ? [] : taken.length < most ? [...taken, chosen("alpha")] : taken;
    if (count === null) walking = false;
    return own.rates.length < most;
  }

  async function run(button) {
    walking = !walking;
    if (running) return; // pressed again before the last step was answered
    running = true;
    while (walking) {
      button.textContent = "Pause";
      const began = performance.now();
      walking = step(1, button) && walking;
      await answer();
      await new Promise((go) => setTimeout(go, Math.max(0, 110 - performance.now() + began)));
    }
    running = false;
    button.textContent = "Run";
  }

  function encoded(file) {
    return new Promise((done) => {
      if (!file) return done(null);
      const reader = new FileReader();
      reader.onload = () => done(reader.result.slice(reader.result.indexOf(",") + 1));
      reader.readAsDataURL(file);
    });
  }

  return show;
}
