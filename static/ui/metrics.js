// Live charts of what the server does, asked of it again and again while the page is looked at.

import { between, read } from "./samples.js";
import { number, phrase } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST = 60;
const SIZE = { width: 120, height: 40 };
const place = document.getElementById("metrics");
const state = document.getElementById("state");
const interval = document.getElementById("interval");
const charts = new Map();
let before = null;
let timer = 0;

export function initMetrics() {
  for (const figure of place.querySelectorAll("[data-chart]")) {
    charts.set(figure.dataset.chart, { figure, values: [], ...drawn(figure) });
  }
  for (const option of interval.options) {
    option.textContent = phrase("seconds", { seconds: number(Number(option.value)) });
  }
  interval.addEventListener("change", () => {
    history.replaceState(null, "", `?seconds=${interval.value}`);
    look();
  });
  document.addEventListener("visibilitychange", () => document.hidden || look());
  look();
}

async function look() {
  clearTimeout(timer);
  try {
    const answer = await fetch("/metrics?format=prometheus");
    if (!answer.ok) throw new Error(String(answer.status));
    take(read(await answer.text(), Date.now()));
    state.textContent = phrase("asOf", { time: new Date().toLocaleTimeString(locale()) });
  } catch {
    state.textContent = phrase("metricsLost");
  }
  if (!document.hidden) timer = setTimeout(look, Number(interval.value) * 1000);
}

function take(now) {
  // Twice within a moment, as when a tab comes back, nothing can be said of the time between.
  if (before && now.at - before.at < 500) return;
  if (before) {
    const values = between(before, now);
    for (const [name, chart] of charts) show(chart, values[name]);
  }
  before = now;
}

function show(chart, value) {
  chart.values.push(value);
  if (chart.values.length > MOST) chart.values.shift();
  const said = value === null ? "–" : number(value, value < 10 && !Number.isInteger(value) ? 1 : 0);
  chart.figure.querySelector("output").textContent = said;
  const most = Math.max(1, ...chart.values);
  const step = SIZE.width / (MOST - 1);
  const start = MOST - chart.values.length;
  const points = chart.values.map((each, index) => {
    const x = (start + index) * step;
    return `${x.toFixed(1)},${(SIZE.height - ((each ?? 0) / most) * (SIZE.height - 3) - 1).toFixed(1)}`;
  });
  chart.line.setAttribute("points", points.join(" "));
  const left = (start * step).toFixed(1);
  chart.area.setAttribute("points", `${left},${SIZE.height} ${points.join(" ")} ${SIZE.width},${SIZE.height}`);
}

function drawn(figure) {
  const svg = shape("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, preserveAspectRatio: "none" });
  svg.setAttribute("aria-hidden", "true");
  const area = shape("polygon", { class: "chart-area" });
  const line = shape("polyline", { class: "chart-line" });
  svg.append(area, line);
  figure.append(svg);
  return { area, line };
}

function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function locale() {
  return document.documentElement.lang;
}
