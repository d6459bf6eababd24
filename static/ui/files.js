// Files that go with the next message: picked, pasted or dropped, shown as chips.

import { taken } from "./models.js";
import { number, phrase } from "./words.js";

const MOST = 20;
const MOST_BYTES = 14 * 1024 * 1024;
const chips = document.getElementById("chips");
const input = document.getElementById("files");

// Those of a question that is edited have an `id`, and are at the server already.
let files = [];
let say = () => {};
let reading = Promise.resolve();

export function initFiles({ prompt, area, complain }) {
  say = complain;
  document.getElementById("attach").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    add(Array.from(input.files));
    input.value = "";
  });
  prompt.addEventListener("paste", (event) => {
    if (!event.clipboardData.files.length || hasText(event.clipboardData)) return;
    event.preventDefault();
    add(Array.from(event.clipboardData.files));
  });
  area.addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    area.classList.add("dropping");
  });
  area.addEventListener("dragleave", (event) => {
    if (!area.contains(event.relatedTarget)) area.classList.remove("dropping");
  });
  area.addEventListener("drop", (event) => {
    area.classList.remove("dropping");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    add(Array.from(event.dataTransfer.files));
  });
}

// Before this, files that were picked may not be here yet.
export function allRead() {
  return reading;
}

export function attached() {
  const added = files.filter((file) => !file.id);
  return {
    attachments: added.map(({ name, type, data }) => ({
      filename: name,
      content_type: type,
      data_base64: data.slice(data.indexOf(",") + 1),
    })),
    kept: files.filter((file) => file.id).map((file) => file.id),
  };
}

// What the chosen provider would refuse; empty where it takes everything.
export function untaken() {
  const can = taken();
  for (const { name, isImage } of files) {
    if (isImage && !can.images) return phrase("noImages", { name });
    if (!isImage && !can.files) return phrase("noFiles", { name });
  }
  return "";
}

export function setFiles(given) {
  files = given;
  show();
}

export function keptFiles() {
  return files;
}

// Of a table, programs copy the text and a picture of it; of a file, its path may be the text.
function hasText(clipboard) {
  const names = Array.from(clipboard.files, (file) => file.name);
  const lines = clipboard.getData("text/plain").trim().split(/\s*\n/);
  return lines.some((line) => line && !names.some((name) => line.endsWith(name)));
}

function add(list) {
  say("");
  reading = reading.then(() => take(list));
}

async function take(list) {
  for (const file of list) {
    const size = files.reduce((sum, each) => sum + each.size, 0) + file.size;
    if (files.length >= MOST) return say(phrase("tooManyFiles", { count: number(MOST) }));
    if (size > MOST_BYTES) {
      return say(phrase("tooLarge", { name: file.name, size: number(MOST_BYTES / 1024 / 1024) }));
    }
    const isImage = /^image\/(png|jpeg|gif|webp)$/.test(file.type);
    try {
      const data = await read(file);
      files.push({ name: file.name, type: file.type, size: file.size, isImage, data });
    } catch {
      say(phrase("unreadableFile", { name: file.name }));
    }
  }
  show();
  const reason = untaken();
  if (reason) say(reason);
}

function read(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.addEventListener("load", () => resolve(reader.result));
    reader.addEventListener("error", () => reject(reader.error));
    reader.readAsDataURL(file);
  });
}

function show() {
  chips.hidden = !files.length;
  chips.replaceChildren(...files.map(chip));
}

function chip(file) {
  const item = document.createElement("li");
  if (file.isImage) {
    item.append(Object.assign(new Image(), { src: file.data ?? file.url, alt: "" }));
  }
  const name = Object.assign(document.createElement("span"), { textContent: file.name, dir: "auto" });
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    textContent: "×",
    className: "icon small",
    title: phrase("removeFile", { name: file.name }),
  });
  button.setAttribute("aria-label", button.title);
  button.addEventListener("click", () => {
    setFiles(files.filter((each) => each !== file));
    say("");
    (chips.querySelector("button") ?? document.getElementById("attach")).focus();
  });
  item.append(name, button);
  return item;
}
