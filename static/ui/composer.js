// Asking: the box for the question, its draft, and the answer that is on its way.

import { parsed } from "./html.js";
import { refresh } from "./list.js";
import { chosen } from "./models.js";
import { toEnd } from "./scroll.js";
import { newKey, send } from "./server.js";
import { Following } from "./turn.js";
import { showLocalTimes } from "./words.js";

const form = document.getElementById("composer");
const prompt = document.getElementById("prompt");
const messages = document.getElementById("messages");
const refusal = document.getElementById("refusal");
const buttons = { send: document.getElementById("send"), stop: document.getElementById("stop") };
const LONGEST_PX = 280;

let following = null;
let isBusy = false;
// Kept until a question has arrived: the same question again is the same turn.
let attempt = { text: "", key: "" };

export function initComposer() {
  // Somebody may have begun to type before this was loaded.
  prompt.value ||= localStorage.getItem(draftName()) ?? "";
  grow();
  prompt.addEventListener("input", () => {
    keepDraft();
    grow();
  });
  prompt.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    ask();
  });
  buttons.stop.addEventListener("click", stop);
  window.addEventListener("online", () => following?.connectNow());
  const pending = messages.querySelector('.answer[data-state="pending"]');
  if (pending) follow(pending);
  update();
}

// Another answer to the last question; `article` is the one that it comes in the place of.
export async function again(article) {
  if (isBusy || following) return;
  const answer = article.dataset.message ?? null;
  const body = { answer, ...chosen() };
  await busy(async () => {
    const begun = await send(`/ui/conversations/${form.dataset.conversation}/again`, {
      body,
      key: newKey(),
    });
    removeFrom(article);
    show(begun);
  });
}

function removeFrom(article) {
  while (article.nextElementSibling) article.nextElementSibling.remove();
  article.remove();
}

async function ask() {
  const text = prompt.value;
  if (!text.trim() || isBusy || following) return;
  const question = JSON.stringify([text, chosen()]);
  if (attempt.text !== question) attempt = { text: question, key: newKey() };
  await busy(async () => {
    const id = await conversationId();
    const body = { text, ...chosen() };
    const begun = await send(`/ui/conversations/${id}/ask`, { body, key: attempt.key });
    attempt = { text: "", key: "" };
    localStorage.removeItem(draftName());
    prompt.value = "";
    grow();
    settleAddress(id);
    show(begun);
  });
}

async function conversationId() {
  if (!form.dataset.conversation) {
    const begun = await send("/ui/conversations");
    const draft = draftName();
    form.dataset.conversation = begun.id;
    localStorage.removeItem(draft);
    keepDraft();
  }
  return form.dataset.conversation;
}

function settleAddress(id) {
  const path = `/c/${id}`;
  if (location.pathname !== path) history.replaceState(null, "", path);
}

function show({ html }) {
  messages.querySelector(".welcome")?.remove();
  const part = parsed(html);
  const pending = part.querySelector('.answer[data-state="pending"]');
  showLocalTimes(part);
  messages.append(part);
  toEnd();
  if (pending) follow(pending);
  update();
  nameAfterwards();
}

function follow(article) {
  following = new Following(article, () => {
    following = null;
    update();
    nameAfterwards();
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
  await send(`/ui/turns/${following.turn}/stop`).catch(complain);
  prompt.focus();
}

async function busy(act) {
  isBusy = true;
  refusal.hidden = true;
  update();
  try {
    await act();
  } catch (error) {
    complain(error);
  } finally {
    isBusy = false;
    update();
    prompt.focus();
  }
}

function complain(error) {
  refusal.textContent = error.message;
  refusal.hidden = false;
}

function update() {
  buttons.stop.hidden = !following;
  buttons.stop.disabled = false;
  buttons.send.hidden = Boolean(following);
  buttons.send.disabled = isBusy;
  form.toggleAttribute("aria-busy", isBusy);
}

function draftName() {
  return `parley.draft.${form.dataset.conversation || "new"}`;
}

function keepDraft() {
  if (prompt.value) localStorage.setItem(draftName(), prompt.value);
  else localStorage.removeItem(draftName());
}

function grow() {
  prompt.style.blockSize = "auto";
  prompt.style.blockSize = `${Math.min(prompt.scrollHeight, LONGEST_PX)}px`;
}
