// Prometheus's text format, and from two readings what happened between them.

const LINE = /^(\w+)(?:\{(.*)\})? (\S+)$/;
const RATES = {
  requests: "parley_http_requests_total",
  responses: "parley_http_responses_total",
  errors: "parley_http_errors_total",
  turns: "parley_turns_total",
  tokens: "parley_tokens_total",
};
const NOW = { running: "parley_turns_running", followers: "parley_followers" };
const LATENCY = "parley_http_response_start_seconds";

// The sums over all labels, by name.
export function read(text, at) {
  const sums = new Map();
  for (const line of text.split("\n")) {
    const match = LINE.exec(line);
    if (match) sums.set(match[1], (sums.get(match[1]) ?? 0) + Number(match[3]));
  }
  return { at, sums };
}

// By the names of the charts; null where nothing can be said.
export function between(before, now) {
  const minutes = (now.at - before.at) / 60_000;
  // A server that was restarted counts from zero.
  const grown = (name) => Math.max(0, (now.sums.get(name) ?? 0) - (before.sums.get(name) ?? 0));
  const values = {};
  for (const [chart, name] of Object.entries(RATES)) values[chart] = grown(name) / minutes;
  for (const [chart, name] of Object.entries(NOW)) values[chart] = now.sums.get(name) ?? 0;
  const answered = grown(`${LATENCY}_count`);
  values.latency = answered ? (grown(`${LATENCY}_sum`) / answered) * 1000 : null;
  return values;
}
