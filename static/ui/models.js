// The model picker: what is known at once, more when providers have answered, the last choice kept.

import { fetchValue } from "./server.js";

const KEPT = "parley.model";
const picker = document.getElementById("model");

export function initModels() {
  choose(localStorage.getItem(KEPT));
  picker.addEventListener("change", () => localStorage.setItem(KEPT, picker.value));
  learn(3);
}

export function chosen() {
  const { provider = "", model = "" } = picker.selectedOptions[0]?.dataset ?? {};
  return { provider, model };
}

// Which files the provider takes that is chosen.
export function taken() {
  const group = picker.selectedOptions[0]?.parentElement;
  return { images: group?.hasAttribute("data-images"), files: group?.hasAttribute("data-files") };
}

async function learn(tries) {
  const known = await fetchValue("/ui/models").catch(() => null);
  if (!known) return;
  known.providers.forEach(add);
  choose(localStorage.getItem(KEPT));
  if (!known.complete && tries > 1) setTimeout(() => learn(tries - 1), 2500);
}

function add({ provider, models }) {
  const group = Array.from(picker.children).find((each) => each.dataset.provider === provider);
  if (!group || group.children.length > 1) return;
  for (const model of models) {
    const option = new Option(model, `${provider}/${model}`);
    Object.assign(option.dataset, { provider, model });
    group.append(option);
  }
}

function choose(value) {
  if (value && Array.from(picker.options).some((option) => option.value === value)) {
    picker.value = value;
  }
}
