// The one place where HTML enters the page: all of it is rendered and sanitised by the server.

export function fill(element, html) {
  element.innerHTML = html;
}

export function parsed(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}
