// The list of conversations: more of it, new names, the trash and back.

import { parsed } from "./html.js";
import { merge, tidyDays } from "./rows.js";
import { fetchPart, send } from "./server.js";
import { show } from "./toast.js";
import { phrase } from "./words.js";
import { noteZone } from "./zone.js";

const rows = document.getElementById("rows");
const ending = new IntersectionObserver(
  ([end]) => end.isIntersecting && tried(() => more(end.target)),
  { root: rows.parentElement, rootMargin: "400px" },
);

export function initList() {
  rows.addEventListener("click", (event) => {
    const row = event.target.closest("[data-conversation]");
    if (event.target.closest("[data-rename]")) rename(row);
    else if (event.target.closest("[data-delete]")) tried(() => putAway(row));
    else if (event.target.closest("[data-more]")) tried(() => more(event.target.closest(".more")));
  });
  watchEnd();
  if (noteZone()) tried(refresh);
  for (const button of document.querySelectorAll("[data-restore]")) {
    button.addEventListener("click", () => tried(() => restore(button.closest("li"))));
  }
}

// The latest part again, with the current conversation marked; what was loaded below it stays.
export async function refresh() {
  const current = currentId();
  merge(rows, parsed(await fetchPart(`/ui/list?current=${current}`)));
  watchEnd();
  return rows.querySelector('[aria-current="page"]')?.textContent ?? "";
}

function currentId() {
  return document.getElementById("composer")?.dataset.conversation ?? "";
}

async function tried(act) {
  try {
    await act();
  } catch (refusal) {
    show(refusal.message);
  }
}

async function more(item) {
  if (item.ariaBusy) return;
  item.ariaBusy = "true";
  try {
    const day = item.previousElementSibling?.dataset.day ?? "";
    const after = item.querySelector("button").dataset.more;
    const query = new URLSearchParams({ after, day, current: currentId() });
    const part = parsed(await fetchPart(`/ui/list?${query}`));
    const first = part.querySelector("a");
    const isFocused = item.contains(document.activeElement);
    item.replaceWith(part);
    if (isFocused) first?.focus();
  } finally {
    item.ariaBusy = null;
  }
  watchEnd();
}

// Scrolling to the end loads what follows; the button is for keyboards and for what has failed.
function watchEnd() {
  ending.disconnect();
  const item = rows.querySelector(".more");
  if (item) ending.observe(item);
}

function rename(row) {
  const link = row.querySelector("a");
  const input = document.createElement("input");
  Object.assign(input, { value: link.textContent, maxLength: 255, className: "rename", dir: "auto" });
  input.setAttribute("aria-label", phrase("rename"));
  row.classList.add("renaming");
  link.before(input);
  input.select();
  input.focus();
  let over = false;
  const end = (keep) => {
    if (over) return;
    over = true;
    input.remove();
    row.classList.remove("renaming");
    link.focus();
    const title = input.value.trim();
    if (keep && title && title !== link.textContent) tried(() => renamed(row, link, title));
  };
  input.addEventListener("blur", () => end(true));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") {
      event.preventDefault();
      end(event.key === "Enter");
    }
  });
}

async function renamed(row, link, title) {
  await change(row, { title });
  link.textContent = title;
  if (link.hasAttribute("aria-current")) document.getElementById("title").textContent = title;
  show(phrase("renamed"));
}

async function putAway(row) {
  const title = row.querySelector("a").textContent;
  const isCurrent = row.dataset.conversation === currentId();
  await change(row, { deleted: true });
  const next = neighbourOf(row);
  row.remove();
  tidyDays(rows);
  next.focus();
  show(phrase("deleted", { title }), {
    label: phrase("undo"),
    run: () => tried(async () => {
      await change(row, { deleted: false });
      await refresh();
      if (isCurrent) document.getElementById("composer").inert = false;
      show(phrase("restored"));
    }),
  });
  if (isCurrent) document.getElementById("composer").inert = true;
}

function neighbourOf(row) {
  const shown = Array.from(rows.querySelectorAll(".row"));
  const place = shown.indexOf(row);
  const next = shown[place + 1] ?? shown[place - 1];
  return next?.querySelector("a") ?? document.querySelector("[data-new]");
}

async function restore(item) {
  await change(item, { deleted: false });
  item.remove();
  await refresh();
  show(phrase("restored"));
}

function change(row, body) {
  return send(`/ui/conversations/${row.dataset.conversation}`, { method: "PATCH", body });
}
