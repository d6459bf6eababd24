// What the page says, in its language; the server writes the phrases into it.

const phrases = JSON.parse(document.getElementById("phrases").textContent);

export function phrase(name, values = {}) {
  // Isolated: a title or a model's name may run in the other direction.
  return phrases[name].replace(/\{(\w+)\}/g, (_, key) => `\u2068${values[key] ?? ""}\u2069`);
}

export function announce(text) {
  document.getElementById("announcer").textContent = text;
}

const locale = document.documentElement.lang;

export function number(value, digits = 0) {
  return value.toLocaleString(locale, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

export function moment(iso) {
  return new Date(iso).toLocaleString(locale, { dateStyle: "medium", timeStyle: "short" });
}

export function showLocalTimes(root) {
  for (const time of root.querySelectorAll("time[data-time]")) {
    const moment = new Date(time.dateTime);
    time.textContent = moment.toLocaleTimeString(locale, { hour: "2-digit", minute: "2-digit" });
    time.title = moment.toLocaleString(locale);
  }
}
