// What is typed and not sent: kept in this browser, for each person and conversation.

const PREFIX = "parley.draft.";

// Whoever signs out may leave the browser to somebody else.
export function initDrafts() {
  const form = document.querySelector('form[action="/sign-out"]');
  form?.addEventListener("submit", () => {
    const names = Object.keys(localStorage).filter((name) => name.startsWith(PREFIX));
    for (const name of names) localStorage.removeItem(name);
  });
}

export function draftOf(composer) {
  return localStorage.getItem(nameOf(composer)) ?? "";
}

export function keepDraftOf(composer, text) {
  if (text) localStorage.setItem(nameOf(composer), text);
  else localStorage.removeItem(nameOf(composer));
}

function nameOf({ dataset }) {
  return `${PREFIX}${dataset.caller}.${dataset.conversation || "new"}`;
}
