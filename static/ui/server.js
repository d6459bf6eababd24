// Requests to the server, and what went wrong with them in words.

import { moment, number, phrase } from "./words.js";

export class Refusal extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

const token = document.querySelector("#csrf input").value;

export async function send(path, { method = "POST", body = {}, key = "" } = {}) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  if (key) headers["Idempotency-Key"] = key;
  const response = await reached(path, { method, headers, body: JSON.stringify(body) });
  return response.json();
}

export async function fetchPart(path) {
  return (await reached(path, { headers: { Accept: "text/html" } })).text();
}

export async function fetchText(path) {
  return (await reached(path, { headers: { Accept: "text/plain" } })).text();
}

export async function fetchValue(path) {
  return (await reached(path, { headers: { Accept: "application/json" } })).json();
}

// Not `randomUUID`, which browsers only have where the page came over TLS.
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function reached(path, options) {
  let response;
  try {
    response = await fetch(path, { credentials: "same-origin", ...options });
  } catch {
    throw new Refusal(phrase("unreachable"), 0);
  }
  if (response.redirected && new URL(response.url).pathname === "/sign-in") {
    throw new Refusal(phrase("signedOut"), 401);
  }
  if (!response.ok) throw await refusalIn(response);
  return response;
}

async function refusalIn(response) {
  if (response.status === 401) return new Refusal(phrase("signedOut"), 401);
  if (response.status === 429) {
    const refused = (await response.json().catch(() => null))?.error;
    if (refused?.code === "budget_exceeded") {
      const time = moment(refused.details.renews_at);
      return new Refusal(phrase("budgetUsed", { time }), 429);
    }
    const seconds = number(Number(response.headers.get("Retry-After")) || 1);
    return new Refusal(phrase("tooMany", { seconds }), 429);
  }
  const isPage = response.headers.get("Content-Type")?.startsWith("text/html");
  if (response.status === 403 && isPage) return new Refusal(phrase("stale"), 403);
  const problem = await response.json().catch(() => null);
  const reason = problem?.error?.message || `HTTP ${response.status}`;
  const id = response.headers.get("X-Request-ID");
  return new Refusal(phrase("failed", { reason: id ? `${reason} (${id})` : reason }), response.status);
}
