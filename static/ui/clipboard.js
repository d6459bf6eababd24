// Copying text, and saying so.

import { fetchText } from "./server.js";
import { show } from "./toast.js";
import { phrase } from "./words.js";

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    show(phrase("copied"));
  } catch {
    show(copyByHand(text) ? phrase("copied") : phrase("copyFailed"));
  }
}

// The Markdown that the server has. Some browsers only copy within the click: the text comes later.
export async function copySource(path) {
  const text = fetchText(path);
  try {
    const blob = text.then((source) => new Blob([source], { type: "text/plain" }));
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
    show(phrase("copied"));
  } catch {
    await text.then(copy, (refusal) => show(refusal.message));
  }
}

// Browsers have no clipboard for pages that did not come over TLS, but still this.
function copyByHand(text) {
  const area = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
