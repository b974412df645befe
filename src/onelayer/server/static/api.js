// The server's JSON API: the token goes with each request, and a full server is asked again.

const KEY = "onelayer-token";
const TRIES = 6;

export class Refusal extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

// Kept for this tab alone, until it is closed.
export const token = {
  get: () => sessionStorage.getItem(KEY),
  set: (value) => sessionStorage.setItem(KEY, value),
};

export const model = () => ask("v1/model");

export async function explainFile(file, label = null) {
  const body = new FormData();
  body.append("files", file, file.name.replace(/^.*[/\\]/, ""));
  return (await ask(`v1/explain${query(label)}`, { method: "POST", body })).explanations[0];
}

export async function explainRow(row, label = null) {
  const request = {
    method: "POST",
    body: JSON.stringify({ rows: [row] }),
    headers: { "Content-Type": "application/json" },
  };
  return (await ask(`v1/explain${query(label)}`, request)).explanations[0];
}

export async function scoreTable(file) {
  return ask("v1/score", { method: "POST", body: file, headers: { "Content-Type": "text/csv" } });
}

function query(label) {
  return label === null ? "" : `?${new URLSearchParams({ class: label })}`;
}

async function ask(path, { headers = {}, ...request } = {}) {
  const known = token.get();
  const credentials = known === null ? {} : { Authorization: `Bearer ${bytesOf(known)}` };
  for (let tries = 1; ; tries += 1) {
    const response = await send(path, { ...request, headers: { ...headers, ...credentials } });
    if (response.ok) return response.json();
    const full = response.status === 503 && tries < TRIES;
    if (!full) throw new Refusal(response.status, await reason(response));
    await pause(1000 * Number(response.headers.get("Retry-After") ?? 1));
  }
}

// A header is bytes, which fetch takes as letters up to 255: those of UTF-8.
function bytesOf(text) {
  return String.fromCharCode(...new TextEncoder().encode(text));
}

async function send(path, request) {
  try {
    return await fetch(path, request);
  } catch {
    throw new Refusal(0, "the server does not answer: is it still running?");
  }
}

async function reason(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return `the server answered ${response.status}`;
  }
}

const pause = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));
