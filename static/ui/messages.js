// What can be done with a message: copy it, ask again, see what happened, show an image.

import { copy, copySource } from "./clipboard.js";
import { again, choose, edit } from "./composer.js";
import { fill } from "./html.js";
import { fetchPart } from "./server.js";
import { show } from "./toast.js";

export function initMessages(messages) {
  messages.addEventListener("click", (event) => {
    const article = event.target.closest("article");
    const has = (selector) => event.target.closest(selector);
    if (has("[data-copy]")) copy(has(".code").querySelector("code").textContent);
    else if (has("[data-source]")) copySource(has("[data-source]").dataset.source);
    else if (has("[data-again]")) again(article, has("[data-again]").dataset.again);
    else if (has("[data-edit]")) edit(article);
    else if (has("[data-choose]")) choose(has("[data-choose]"));
    else if (has("[data-facts]")) toggleFacts(article, has("[data-facts]"));
    else if (has("[data-image]")) open(has("[data-image]").dataset.image, "_blank", "noopener,noreferrer");
  });
}

async function toggleFacts(article, button) {
  const open = article.querySelector(".facts-place");
  if (open) {
    open.remove();
    button.setAttribute("aria-expanded", "false");
    return;
  }
  try {
    const place = document.createElement("div");
    place.className = "facts-place";
    fill(place, await fetchPart(`/ui/turns/${article.dataset.turn}/facts`));
    article.append(place);
    button.setAttribute("aria-expanded", "true");
    place.scrollIntoView({ block: "nearest" });
  } catch (refusal) {
    show(refusal.message);
  }
}
