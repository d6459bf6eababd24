// Begins what the page needs.

import { initDrafts } from "./drafts.js";
import { initDrawer } from "./drawer.js";
import { initList } from "./list.js";
import { showLocalTimes } from "./words.js";

initDrafts();
initDrawer();
initList();
showLocalTimes(document);

if (document.getElementById("composer")) {
  const { initComposer } = await import("./composer.js");
  const { initMessages } = await import("./messages.js");
  const { initModels } = await import("./models.js");
  const { toEnd } = await import("./scroll.js");
  initModels();
  initComposer();
  initMessages(document.getElementById("messages"));
  if (!location.hash) toEnd();
  else document.getElementById(location.hash.slice(1))?.focus();
}

if (document.getElementById("metrics")) {
  const { initMetrics } = await import("./metrics.js");
  initMetrics();
}

for (const button of document.querySelectorAll("[data-copy-from]")) {
  const { copy } = await import("./clipboard.js");
  button.addEventListener("click", () => {
    copy(document.getElementById(button.dataset.copyFrom).textContent);
  });
}
