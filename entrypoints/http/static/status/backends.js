// The two backends, and what happened to them lately.
const NAMES = { vector_store: "Vector store", cache: "Cache" };
const CIRCUITS = { read: "Reads", write: "Writes" };
const latencies = { vector_store: [], cache: [] };
const technologies = {};

const fact = (name, ...value) => el("div", {}, el("dt", {}, name), el("dd", {}, ...value));

function lastFailure(backend) {
  const last = backend.last_failure ?? backend.history?.findLast((event) => event.event === "failed");
  if (!last) return ["none seen by this process"];
  return [moment(last.at), `, ${last.operation}: ${last.failure}`];
}

function facts(id, backend) {
  const took = latencies[id].at(-1);
  const chart = sparkline(`${NAMES[id]}'s time to answer`, latencies[id], span, KEPT - 1);
  const shown = [el("div", {}, el("dt", {}, "Ping"), el("dd", {}, span(took), chart))];
  for (const [kind, name] of Object.entries(CIRCUITS)) {
    const how = backend.breakers?.[kind];
    shown.push(fact(`${name}, breaker`, how ? state(how) : "none"));
  }
  if (readings.length) shown.push(fact("Calls", calls(id)));
  const last = fact(backend.failure ? "Failing" : "Last failure", ...(backend.failure ? [`${backend.failure}, since `] : []), ...lastFailure(backend));
  last.className = "wide";
  return el("dl", { class: "facts" }, ...shown, last);
}

function calls(id) {
  const pair = lately(WINDOW);
  return pair ? `${rate(perSecond(CALLS, ...pair, ({ backend }) => backend === id))}/s` : NONE;
}

function card(id, backend) {
  if (backend.technology) technologies[id] = [backend.technology, backend.version].filter(Boolean).join(" ");
  const title = el("h3", {}, NAMES[id], el("span", { class: "muted" }, technologies[id] ?? ""), state(backend.status));
  return el("div", { class: "panel backend" }, title, facts(id, backend));
}

const EVENTS = {
  failed: ({ operation, failure }) => ["down", `Began to fail: ${failure}, in ${operation}`],
  recovered: ({ after_seconds }) => ["up", `Recovered after ${span(after_seconds ?? null)}`],
  breaker_opened: ({ breaker, open_seconds }) => ["open", `Breaker of ${breaker}s opened for ${span(open_seconds ?? null)}`],
  breaker_half_open: ({ breaker }) => ["half_open", `Breaker of ${breaker}s half-open: one call is tried`],
  breaker_closed: ({ breaker }) => ["closed", `Breaker of ${breaker}s closed`],
};

function eventRow([id, event]) {
  const [how, text] = EVENTS[event.event]?.(event) ?? ["", String(event.event)];
  return el("tr", {}, el("td", {}, moment(event.at)), el("td", {}, NAMES[id]), el("td", {}, state(how, text)));
}

function showEvents(infra) {
  const all = Object.keys(NAMES).flatMap((id) => (infra[id].history ?? []).map((event) => [id, event]));
  // Newest first; of one moment the later one of a history first.
  const sorted = all.reverse().sort(([, one], [, other]) => new Date(other.at) - new Date(one.at));
  const none = el("tr", {}, el("td", { colspan: 3, class: "muted" }, "Nothing since this process began."));
  $("events").replaceChildren(...(sorted.length ? sorted.map(eventRow) : [none]));
}

function overall(name, text) {
  $("overall").dataset.state = name;
  say($("overall"), text);
  document.title = `${text} · Holdfast`;
}

function forgetBackends() {
  for (const id of ["backends", "events"]) $(id).replaceChildren();
  for (const seen of Object.values(latencies)) seen.length = 0;
}

function showBackends(answer) {
  const infra = answer.data;
  if (!infra?.vector_store || !infra.cache) {
    // Who has no key may be told the status alone.
    const status = infra?.status ?? (answer.status === 503 ? "down" : "");
    overall(status, status ? words(status) : answer.status === 403 ? "Not allowed" : "Key needed");
    note("backends-note", answer.ok ? "How the backends are is told to who has a key." : detail(answer));
    forgetBackends();
    $("events-box").hidden = true;
    return;
  }
  $("events-box").hidden = false;
  note("backends-note", "");
  for (const id of Object.keys(NAMES)) {
    latencies[id].push(infra[id].status === "up" ? infra[id].latency_ms / 1000 : null);
    if (latencies[id].length >= KEPT) latencies[id].shift();
  }
  overall(infra.status, words(infra.status));
  $("backends").replaceChildren(...Object.keys(NAMES).map((id) => card(id, infra[id])));
  showEvents(infra);
}
