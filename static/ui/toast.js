// Short news at the edge of the page, with something to do about it.

const toast = document.getElementById("toast");
let timer = 0;

export function show(text, action = null) {
  clearTimeout(timer);
  toast.replaceChildren(Object.assign(document.createElement("span"), { textContent: text }));
  if (action) {
    const button = Object.assign(document.createElement("button"), {
      type: "button",
      textContent: action.label,
    });
    button.addEventListener("click", () => {
      hide();
      action.run();
    });
    toast.append(button);
  }
  toast.classList.add("shown");
  timer = setTimeout(hide, action ? 12_000 : 4_000);
}

function hide() {
  toast.classList.remove("shown");
  toast.replaceChildren();
}
