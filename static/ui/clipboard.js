// Copying text, and saying so.

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

// Browsers have no clipboard for pages that did not come over TLS, but still this.
function copyByHand(text) {
  const area = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
