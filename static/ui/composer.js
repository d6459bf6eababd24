// Asking: the box for the question, its draft, and the answer that is on its way.

import { draftOf, keepDraftOf } from "./drafts.js";
import { allRead, attached, initFiles, keptFiles, setFiles, untaken } from "./files.js";
import { parsed } from "./html.js";
import { refresh } from "./list.js";
import { Live } from "./live.js";
import { chosen } from "./models.js";
import { reload, sameAs } from "./reload.js";
import { toEnd } from "./scroll.js";
import { newKey, send } from "./server.js";
import { Following } from "./turn.js";
import { showLocalTimes } from "./words.js";

const form = document.getElementById("composer");
const prompt = document.getElementById("prompt");
const messages = document.getElementById("messages");
const refusal = document.getElementById("refusal");
const editing = document.getElementById("editing");
const buttons = { send: document.getElementById("send"), stop: document.getElementById("stop") };
const LONGEST_PX = 280;

let following = null;
let isBusy = false;
let isStale = false;
// Counts what is shown: an older answer of the server does not take the place of a newer one.
let picture = 0;
let live = null;
// The question that is edited, and what was in the box before.
let edited = null;
// By path, kept until there is a response: the same request again is the same turn.
const attempts = new Map();

export function initComposer() {
  // Somebody may have begun to type before this was loaded.
  prompt.value ||= draftOf(form);
  grow();
  prompt.addEventListener("input", () => {
    keepDraft();
    grow();
  });
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    } else if (event.key === "Escape" && edited) leaveEditing();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  editing.querySelector("[data-cancel]").addEventListener("click", leaveEditing);
  initFiles({ prompt, area: document.getElementById("main"), complain: sayRefusal });
  buttons.stop.addEventListener("click", stop);
  window.addEventListener("online", () => following?.connectNow());
  const pending = messages.querySelector('.answer[data-state="pending"]');
  if (pending) follow(pending);
  update();
  watch();
}

// Another answer; `article` and all behind it make room for what is on its way.
export async function again(article, message) {
  if (isBusy || following) return;
  await busy(async () => {
    const body = { message: message || null, ...chosen() };
    const begun = await sendOnce(`${home()}/again`, body);
    removeFrom(article);
    if (edited && !document.getElementById(`m-${edited.id}`)) {
      refill(prompt.value, keptFiles().filter((file) => !file.id));
    }
    show(begun);
  });
}

export function edit(article) {
  if (isBusy || following) return;
  edited ??= { text: prompt.value, files: keptFiles() };
  edited.id = article.dataset.message;
  prompt.value = article.querySelector(".said").textContent;
  setFiles(Array.from(article.querySelectorAll(".files a"), fileIn));
  editing.hidden = false;
  grow();
  prompt.focus();
}

export async function choose(button) {
  if (isBusy || following) return;
  const { choose: message, step } = button.dataset;
  await busy(async () => {
    await send(`${home()}/choose`, { body: { message } });
    if (!("latest" in messages.dataset)) {
      return goTo(`${location.pathname}?at=${message}#m-${message}`);
    }
    leaveEditing();
    await reloadNow();
    const there = document.getElementById(`m-${message}`);
    const next = there?.querySelector(`[data-step="${step}"]:enabled`);
    (next ?? there?.querySelector("[data-step]:enabled") ?? there)?.focus();
  });
}

function goTo(path) {
  if (location.href.endsWith(path)) location.reload();
  else location.assign(path);
}

function fileIn(link) {
  const image = link.querySelector("img");
  const path = new URL(link.href).pathname;
  const name = image?.alt ?? link.querySelector("span").textContent;
  const id = path.slice(path.lastIndexOf("/") + 1);
  return { id, name, size: 0, isImage: Boolean(image), url: image?.src };
}

function leaveEditing() {
  if (!edited) return;
  refill("", []);
  sayRefusal("");
  prompt.focus();
}

// Editing is over: what was in the box before comes back, and what is given stays behind it.
function refill(text, files) {
  const before = edited ?? { text: "", files: [] };
  edited = null;
  editing.hidden = true;
  prompt.value = [before.text, text].filter(Boolean).join("\n");
  setFiles([...before.files, ...files]);
  keepDraft();
  grow();
}

function removeFrom(article) {
  while (article.nextElementSibling) article.nextElementSibling.remove();
  article.remove();
}

async function sendOnce(path, body) {
  const text = JSON.stringify(body);
  if (attempts.get(path)?.text !== text) attempts.set(path, { text, key: newKey() });
  const begun = await send(path, { body, key: attempts.get(path).key });
  attempts.delete(path);
  return begun;
}

async function ask() {
  const text = prompt.value;
  if (!text.trim() || isBusy || following) return;
  const instead = edited;
  await busy(async () => {
    await allRead();
    // A file could not be read, or the question is not edited any more.
    if (!refusal.hidden || edited !== instead) return;
    const reason = untaken();
    if (reason) return sayRefusal(reason);
    const files = [...keptFiles()];
    const body = { text, ...chosen(), ...attached(), instead_of: instead?.id ?? null };
    const path = form.dataset.conversation ? `${home()}/ask` : "/ui/ask";
    const begun = await sendOnce(path, body);
    const old = instead && document.getElementById(`m-${instead.id}`);
    if (old) removeFrom(old);
    keepDraftOf(form, "");
    form.dataset.conversation = begun.conversation;
    if (edited === instead) takeOut(text, files);
    else keepDraft();
    // Between what is shown and the question may be what is not.
    if (!("latest" in messages.dataset)) return goTo(`/c/${begun.conversation}`);
    settleAddress(begun.conversation);
    show(begun);
  });
}

// What was typed or picked while these were being sent stays.
function takeOut(text, files) {
  const isSent = prompt.value.startsWith(text);
  const rest = isSent ? prompt.value.slice(text.length).trimStart() : prompt.value;
  refill(rest, keptFiles().filter((file) => !files.includes(file)));
}

function home() {
  return `/ui/conversations/${form.dataset.conversation}`;
}

function settleAddress(id) {
  const path = `/c/${id}`;
  if (location.pathname !== path) history.replaceState(null, "", path);
  const menu = document.getElementById("export");
  menu.hidden = false;
  for (const link of menu.querySelectorAll("a")) {
    link.pathname = `${path}/export`;
  }
  watch();
}

function watch() {
  const id = form.dataset.conversation;
  if (!id || live || !("latest" in messages.dataset)) return;
  live = new Live(id, async () => {
    isStale = Boolean(following) || isBusy;
    if (!isStale) await reloadNow();
    return !isStale;
  });
}

async function reloadNow() {
  isStale = false;
  const own = ++picture;
  const isCurrent = () => own === picture;
  const pending = await reload(form.dataset.conversation, isCurrent);
  if (!isCurrent()) isStale = true;
  if (pending && !following) follow(pending);
  update();
}

function show({ html }) {
  picture += 1;
  messages.querySelector(".welcome")?.remove();
  const part = parsed(html);
  const pending = part.querySelector('.answer[data-state="pending"]');
  showLocalTimes(part);
  for (const node of [...part.children]) sameAs(node)?.replaceWith(node);
  messages.append(part);
  toEnd();
  if (pending && !following) follow(pending);
  update();
  nameAfterwards();
}

function follow(article) {
  following = new Following(article, () => {
    following = null;
    update();
    nameAfterwards();
    if (isStale) reloadNow().catch(() => {});
  });
}

async function nameAfterwards() {
  const title = await refresh().catch(() => "");
  if (!title) return;
  document.getElementById("title").textContent = title;
  document.title = document.title.replace(/^.*?(?= · [^·]*$)/, () => title);
}

async function stop() {
  buttons.stop.disabled = true;
  await send(`/ui/turns/${following.turn}/stop`).catch((error) => {
    buttons.stop.disabled = false;
    sayRefusal(error.message);
  });
  prompt.focus();
}

async function busy(act) {
  isBusy = true;
  picture += 1;
  sayRefusal("");
  update();
  const before = document.activeElement;
  try {
    await act();
  } catch (error) {
    sayRefusal(error.message);
  } finally {
    isBusy = false;
    update();
    if (document.activeElement === before || document.activeElement === document.body) {
      prompt.focus();
    }
    if (isStale && !following) reloadNow().catch(() => {});
  }
}

function sayRefusal(text) {
  refusal.textContent = text;
  refusal.hidden = !text;
}

function update() {
  buttons.stop.hidden = !following;
  buttons.stop.disabled = false;
  buttons.send.hidden = Boolean(following);
  buttons.send.disabled = isBusy;
  form.toggleAttribute("aria-busy", isBusy);
  messages.toggleAttribute("data-busy", Boolean(following));
}

function keepDraft() {
  if (!edited) keepDraftOf(form, prompt.value);
}

function grow() {
  prompt.style.blockSize = "auto";
  prompt.style.blockSize = `${Math.min(prompt.scrollHeight, LONGEST_PX)}px`;
}
