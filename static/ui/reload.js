// The messages as they are at the server now, with as little changed as can be.

import { parsed } from "./html.js";
import { keepingEnd } from "./scroll.js";
import { fetchPart } from "./server.js";
import { showLocalTimes } from "./words.js";

const messages = document.getElementById("messages");

// Gives the answer that is on its way, if there is one. Texts are asked for where they are not here,
// and nothing is done where something else has been shown in the meantime.
export async function reload(conversation, isStillOf) {
  const path = `/ui/conversations/${conversation}/messages`;
  let part = parsed(await fetchPart(`${path}?frame`));
  if (isStillOf() && Array.from(part.children).some((node) => isMissing(node))) {
    part = parsed(await fetchPart(path));
  }
  if (!isStillOf()) return null;
  showLocalTimes(part);
  keepingEnd(() => put(Array.from(part.children).map((node) => kept(node))));
  return messages.querySelector('.answer[data-state="pending"]');
}

function isMissing(node) {
  return node.matches(".answer") && node.dataset.state !== "pending" && !sameAs(node);
}

// What stands on the page for it.
export function sameAs({ id, dataset }) {
  if (id) return document.getElementById(id) ?? settling(dataset.turn);
  return dataset.turn ? messages.querySelector(`article[data-turn="${dataset.turn}"]`) : null;
}

// One that is followed on this page gets its id at its end.
function settling(turn) {
  return turn ? messages.querySelector(`.answer[data-turn="${turn}"][data-state="pending"]`) : null;
}

function kept(node) {
  const here = node.matches("article") ? sameAs(node) : null;
  if (!here) return node;
  if (here.dataset.state === "pending" || here.dataset.print === node.dataset.print) return here;
  const text = here.querySelector(".blocks");
  if (text) node.querySelector(".blocks").replaceWith(text);
  return node;
}

function put(nodes) {
  let next = messages.firstElementChild;
  for (const node of nodes) {
    if (node === next) next = next.nextElementSibling;
    else messages.insertBefore(node, next);
  }
  while (next) {
    const gone = next;
    next = next.nextElementSibling;
    gone.remove();
  }
}
