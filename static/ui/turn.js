// An answer on its way: blocks as they come, and connecting again when the network is lost.

import { fill, parsed } from "./html.js";
import { Progress } from "./progress.js";
import { isAtEnd, keepingEnd, toEnd } from "./scroll.js";
import { fetchPart } from "./server.js";
import { announce, number, phrase, showLocalTimes } from "./words.js";

const LONGEST_PAUSE = 15;
const lost = document.getElementById("lost");
const ENDINGS = { completed: "answerEnded", stopped: "answerStopped", failed: "answerFailed" };

export class Following {
  constructor(article, onEnd) {
    this.article = article;
    this.turn = article.dataset.turn;
    this.onEnd = onEnd;
    this.container = article.querySelector(".blocks");
    this.progress = new Progress(article);
    this.cursor = "";
    this.waiting = new Map();
    this.drawing = 0;
    this.failures = 0;
    this.isOver = false;
    this.connect();
  }

  connect() {
    clearTimeout(this.retry);
    const after = this.cursor ? `?after=${encodeURIComponent(this.cursor)}` : "";
    this.source = new EventSource(`/ui/turns/${this.turn}/events${after}`);
    for (const name of ["status", "note", "blocks", "restart", "done"]) {
      this.source.addEventListener(name, (event) => this.take(name, event));
    }
    this.source.addEventListener("open", () => this.connected());
    this.source.addEventListener("error", () => this.reconnect());
  }

  connectNow() {
    if (this.source.readyState === EventSource.CLOSED && !this.isOver) this.connect();
  }

  take(name, event) {
    this.failures = 0;
    this.cursor = event.lastEventId;
    this[name](JSON.parse(event.data));
  }

  status({ status, model }) {
    if (status === "thinking") this.progress.thinking();
    else if (model) this.progress.waitingFor(model);
  }

  note(note) {
    this.progress.note(note);
  }

  blocks({ blocks, characters }) {
    if (!this.hasBegun) announce(phrase("answerBegins"));
    this.hasBegun = true;
    this.progress.streamed(characters);
    for (const { index, html } of blocks) this.waiting.set(index, html);
    this.drawing ||= requestAnimationFrame(() => this.draw());
  }

  // Once for each picture: to lay out a long answer takes longer than to receive a word of it.
  draw() {
    cancelAnimationFrame(this.drawing);
    this.drawing = 0;
    keepingEnd(() => {
      for (const [index, html] of this.waiting) fill(this.place(index), html);
    });
    this.waiting.clear();
  }

  place(index) {
    while (this.container.children.length <= index) {
      const block = document.createElement("div");
      block.className = "block";
      this.container.append(block);
    }
    return this.container.children[index];
  }

  restart() {
    this.waiting.clear();
    this.container.replaceChildren();
  }

  async done({ status }) {
    this.isOver = true;
    this.draw();
    this.close();
    announce(phrase(ENDINGS[status]));
    await this.settle();
    this.onEnd();
  }

  // All around the text as after a reload; the text itself stays: laying it out again takes time.
  async settle() {
    const html = await this.fetchFrame();
    const stays = isAtEnd();
    if (html) this.frame(parsed(html).querySelector("article"));
    if (stays) toEnd();
  }

  // The end may be the last thing that a server says before it is restarted.
  async fetchFrame() {
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      try {
        return await fetchPart(`/ui/turns/${this.turn}/answer?frame`);
      } catch (refusal) {
        this.progress.say(refusal.message);
        if (refusal.status >= 400 && refusal.status < 500) return "";
        await new Promise((resolve) => setTimeout(resolve, pause * 1000));
      }
    }
  }

  frame(article) {
    showLocalTimes(article);
    for (const { name, value } of article.attributes) this.article.setAttribute(name, value);
    for (const child of [...this.article.children]) {
      if (child !== this.container) child.remove();
    }
    article.querySelector(".blocks").remove();
    this.article.append(...article.children);
  }

  connected() {
    lost.hidden = true;
  }

  reconnect() {
    this.source.close();
    if (this.isOver) return;
    const seconds = Math.min(2 ** this.failures, LONGEST_PAUSE) * (0.75 + Math.random() / 2);
    this.failures += 1;
    // A stream that ends by itself, as at a restart, is taken up at once and without words.
    if (this.failures > 1) {
      const text = navigator.onLine ? "lost" : "offline";
      lost.textContent = phrase(text, { seconds: number(Math.ceil(seconds)) });
      lost.hidden = false;
    }
    const again = this.failures > 2 ? () => this.connectOrGiveUp() : () => this.connect();
    this.retry = setTimeout(again, this.failures > 1 ? seconds * 1000 : 300);
  }

  // An EventSource does not say why it failed: whether to go on, another request finds out.
  async connectOrGiveUp() {
    try {
      await fetchPart(`/ui/turns/${this.turn}/answer?frame`);
    } catch (refusal) {
      if ([401, 403, 404].includes(refusal.status)) return this.giveUp(refusal);
    }
    this.connect();
  }

  giveUp(refusal) {
    this.isOver = true;
    this.close();
    this.progress.say(refusal.message);
    this.onEnd();
  }

  close() {
    clearTimeout(this.retry);
    this.source.close();
    this.progress.end();
    lost.hidden = true;
  }
}
