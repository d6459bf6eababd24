// On narrow pages the list of conversations slides in.

const drawer = document.getElementById("drawer");
const opener = document.querySelector('[data-drawer="open"]');

export function initDrawer() {
  for (const button of document.querySelectorAll("[data-drawer]")) {
    button.addEventListener("click", () => toggle(button.dataset.drawer === "open"));
  }
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("drawer-open")) toggle(false);
  });
  matchMedia("(min-width: 800px)").addEventListener("change", () => {
    if (document.body.classList.contains("drawer-open")) toggle(false);
  });
}

function toggle(open) {
  document.body.classList.toggle("drawer-open", open);
  opener.setAttribute("aria-expanded", String(open));
  document.getElementById("main").inert = open;
  (open ? drawer.querySelector("a, button") : opener).focus();
}
