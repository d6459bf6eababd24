// What happens to the conversation elsewhere: over a WebSocket, connected again when it is lost.

import { number, phrase } from "./words.js";

const LONGEST_PAUSE = 30;
const HIDDEN_SECONDS = 60;
const REFUSED = 4401;
const lost = document.getElementById("lost");

export class Live {
  // `changed` loads what has changed, gives false where it does so later, and fails where the
  // server cannot be reached.
  constructor(conversation, changed) {
    this.conversation = conversation;
    this.changed = changed;
    this.failures = 0;
    document.addEventListener("visibilitychange", () => this.lookedAt());
    window.addEventListener("online", () => this.connect());
    window.addEventListener("pagehide", () => this.leave());
    window.addEventListener("pageshow", () => this.connect());
    this.connect();
  }

  connect() {
    clearTimeout(this.retry);
    if (this.socket || document.hidden) return;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(`${scheme}//${location.host}/ws/chat`);
    this.socket = socket;
    socket.addEventListener("open", () => {
      if (this.socket !== socket) return;
      socket.send(JSON.stringify({ type: "watch", conversation_id: this.conversation }));
    });
    socket.addEventListener("message", (event) => this.hear(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      if (this.socket === socket) this.lose(event.code);
    });
  }

  hear({ type }) {
    if (type !== "watching" && type !== "changed") return;
    if (this.failures > 1) lost.hidden = true;
    this.failures = 0;
    // Also what happened before somebody was watching.
    this.changed().catch(() => {});
  }

  async lose(code) {
    this.socket = null;
    if (code === REFUSED || document.hidden) return;
    const pause = Math.min(2 ** this.failures, LONGEST_PAUSE) * (0.75 + Math.random() / 2);
    this.failures += 1;
    this.retry = setTimeout(() => this.connect(), pause * 1000);
    if (this.failures < 2) return;
    // Where only WebSockets do not get through, looking from time to time does as well.
    try {
      if (await this.changed()) lost.hidden = true;
    } catch (refusal) {
      if (refusal.status) return;
      const text = navigator.onLine ? "reconnecting" : "offlineNow";
      lost.textContent = phrase(text, { seconds: number(Math.ceil(pause)) });
      lost.hidden = false;
    }
  }

  lookedAt() {
    clearTimeout(this.leaving);
    if (document.hidden) this.leaving = setTimeout(() => this.leave(), HIDDEN_SECONDS * 1000);
    else this.connect();
  }

  leave() {
    clearTimeout(this.retry);
    const socket = this.socket;
    this.socket = null;
    // Closed before it is open, it would complain on the console.
    if (socket?.readyState === WebSocket.CONNECTING) {
      socket.addEventListener("open", () => socket.close());
    } else socket?.close();
  }
}
