// The list of conversations: more of it, new names, the trash and back.

import { parsed } from "./html.js";
import { fetchPart, send } from "./server.js";
import { show } from "./toast.js";
import { phrase } from "./words.js";

const rows = document.getElementById("rows");

export function initList() {
  rows.addEventListener("click", (event) => {
    const row = event.target.closest("[data-conversation]");
    if (event.target.closest("[data-rename]")) rename(row);
    else if (event.target.closest("[data-delete]")) tried(() => putAway(row));
    else if (event.target.closest("[data-more]")) tried(() => more(event.target.closest(".more")));
  });
  for (const button of document.querySelectorAll("[data-restore]")) {
    button.addEventListener("click", () => tried(() => restore(button.closest("li"))));
  }
}

// The latest part again, with the current conversation marked.
export async function refresh() {
  const current = currentId();
  rows.replaceChildren(parsed(await fetchPart(`/ui/list?current=${current}`)));
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
  const days = rows.querySelectorAll("[data-day]");
  const day = days[days.length - 1]?.dataset.day ?? "";
  const after = item.querySelector("button").dataset.more;
  const query = new URLSearchParams({ after, day, current: currentId() });
  const part = parsed(await fetchPart(`/ui/list?${query}`));
  const first = part.querySelector("a");
  item.replaceWith(part);
  first?.focus();
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
  const next = row.nextElementSibling?.querySelector("a") ?? document.querySelector("[data-new]");
  row.remove();
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

async function restore(item) {
  await change(item, { deleted: false });
  item.remove();
  await refresh();
  show(phrase("restored"));
}

function change(row, body) {
  return send(`/ui/conversations/${row.dataset.conversation}`, { method: "PATCH", body });
}
