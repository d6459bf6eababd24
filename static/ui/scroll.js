// The messages stay at their end while it is in sight.

const scroll = document.getElementById("scroll");
const NEAR = 90;

export function isAtEnd() {
  return scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < NEAR;
}

export function toEnd() {
  scroll.scrollTop = scroll.scrollHeight;
}

export function keepingEnd(change) {
  const stays = isAtEnd();
  const result = change();
  if (stays) toEnd();
  return result;
}
