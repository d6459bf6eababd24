// What is going on with an answer, from the first moment: for how long, and how fast.

import { number, phrase } from "./words.js";

export class Progress {
  constructor(article) {
    this.text = article.querySelector("[data-progress-text]");
    this.began = Math.min(Number(article.dataset.began) || Date.now(), Date.now());
    this.what = phrase("waiting");
    this.noted = "";
    this.streamBegan = 0;
    this.characters = 0;
    this.timer = setInterval(() => this.show(), 250);
    this.show();
  }

  waitingFor(model) {
    this.noted = "";
    this.what = phrase("waitingFor", { model });
  }

  thinking() {
    this.what = phrase("thinking");
  }

  // What the turn is busy with beside the words of the answer.
  note({ type, status, position, message, name }) {
    if (type === "queued") this.noted = phrase("queued", { position: number(position + 1) });
    if (type === "progress" && message) this.noted = message;
    if (type === "tool") this.noted = status === "running" ? phrase("usingTool", { name }) : "";
  }

  streamed(characters) {
    this.noted = "";
    if (!this.streamBegan) {
      this.streamBegan = Date.now();
      this.before = characters;
    }
    this.characters = characters;
  }

  show() {
    const seconds = number((Date.now() - this.began) / 1000, 1);
    this.text.textContent = `${this.said()} · ${phrase("seconds", { seconds })}`;
  }

  said() {
    if (this.noted) return this.noted;
    if (!this.streamBegan) return this.what;
    const seconds = Math.max((Date.now() - this.streamBegan) / 1000, 0.5);
    return phrase("streaming", { rate: number((this.characters - this.before) / seconds) });
  }

  say(text) {
    this.text.textContent = text;
  }

  end() {
    clearInterval(this.timer);
  }
}
