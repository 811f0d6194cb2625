// What callers get: requests, times, failures, and how much the cache answers.
const WINDOW = 30;
const OWN = /^(unmatched|\/(health\/.*|metrics|docs.*|openapi.*)?)$/;
const ofApi = ({ route }) => !OWN.test(route ?? "");
const REQUESTS = "holdfast_http_requests_total";
const SECONDS = "holdfast_http_request_seconds";
const OUTCOMES = "holdfast_cache_outcomes_total";

function failing(from, to) {
  const all = grew(REQUESTS, from, to, ofApi);
  return all ? grew(REQUESTS, from, to, (labels) => ofApi(labels) && labels.status?.startsWith("5")) / all : null;
}

function remembered(from, to) {
  const all = grew(OUTCOMES, from, to);
  return all ? grew(OUTCOMES, from, to, ({ outcome }) => outcome === "hit" || outcome === "stale") / all : null;
}

function outcomes(from, to) {
  const parts = [];
  for (const [{ outcome }, grown] of growth(OUTCOMES, from, to)) if (grown) parts.push(`${outcome} ${count(grown)}`);
  return parts.join(", ");
}

const nth = (q) => (from, to) => quantiles(SECONDS, from, to, ofApi, q)[0];

const TILES = [
  { title: "Requests", unit: "/s", format: rate, give: (from, to) => perSecond(REQUESTS, from, to, ofApi) },
  { title: "Half take up to (p50)", format: span, give: nth(0.5) },
  { title: "99 % take up to (p99)", format: span, give: nth(0.99) },
  { title: "Answered with 5xx", format: share, give: failing, bad: true },
  { title: "Searches from the cache", format: share, give: remembered, aside: outcomes },
  { title: "In flight", format: count, give: (_from, to) => gauge("holdfast_http_in_flight", to) },
];

function tile({ title, unit = "", format, give, bad, aside }) {
  const pair = lately(WINDOW);
  const value = pair ? give(...pair) : null;
  const [number, ownUnit] = format(value).split(" ");
  const shown = el("div", { class: `value${bad && value ? " is-bad" : ""}` }, number);
  const behind = value === null ? "" : ownUnit ?? unit;
  if (behind) shown.append(el("small", {}, behind));
  const course_ = course(give);
  const chart = sparkline(title, course_, (one) => format(one) + unit, KEPT - 1);
  return el("div", { class: "tile" }, el("dt", {}, title), el("dd", { title: (aside && pair && aside(...pair)) || null }, shown, chart));
}

// A row for each group that was called at all, the busiest first.
function rows(counter, naming, [from, to], give) {
  const busy = [...groupsOf(counter, naming)].map(([name, wanted]) => [name, wanted, perSecond(counter, from, to, wanted)]);
  const shown = busy.filter(([, , often]) => often > 0).sort(([, , one], [, , other]) => other - one);
  const none = el("tr", {}, el("td", { class: "muted" }, "None was made."));
  return shown.length ? shown.map((group) => give(...group)) : [none];
}

function row(name, cells) {
  const bad = (cell) => (cell.bad ? "n is-bad" : "n");
  return el("tr", {}, el("th", { scope: "row", class: "mono" }, name), ...cells.map((cell) => el("td", { class: bad(cell) }, cell.text ?? cell)));
}

// The groups that the labels of a counter form, by the name that `naming` gives them.
function groupsOf(counter, naming) {
  const groups = new Map();
  for (const text of readings.at(-1).values.get(counter)?.keys() ?? []) {
    const name = naming(series(text).labels);
    groups.set(name, (labels) => naming(labels) === name);
  }
  return groups;
}

function showRoutes(from, to) {
  const of = (wanted, digit) => (labels) => wanted(labels) && labels.status?.startsWith(digit);
  const shown = rows(REQUESTS, ({ route }) => route ?? "", [from, to], (name, wanted, often) => {
    const [half, most] = quantiles(SECONDS, from, to, wanted, 0.5, 0.99);
    const [refused, failed] = ["4", "5"].map((digit) => grew(REQUESTS, from, to, of(wanted, digit)));
    const numbers = [rate(often), span(half), span(most), count(refused)];
    return row(name, [...numbers, { text: count(failed), bad: failed > 0 }]);
  });
  $("routes").replaceChildren(...shown);
}

const CALLS = "holdfast_backend_calls_total";

function showOperations(from, to) {
  const naming = ({ backend, operation }) => `${backend} ${operation}`;
  const shown = rows(CALLS, naming, [from, to], (name, wanted, often) => {
    const [half, most] = quantiles("holdfast_backend_seconds", from, to, wanted, 0.5, 0.99);
    const failed = grew(CALLS, from, to, (labels) => wanted(labels) && labels.outcome !== "ok");
    const numbers = [rate(often), span(half), span(most)];
    return row(name.replace("vector_store", "store"), [...numbers, { text: count(failed), bad: failed > 0 }]);
  });
  $("operations").replaceChildren(...shown);
}

function showTraffic(message = "") {
  note("traffic-note", message);
  const pair = readings.length ? lately(WINDOW) : null;
  $("tiles").hidden = !readings.length;
  $("calls").hidden = !pair;
  if (!readings.length) return;
  $("tiles").replaceChildren(...TILES.map(tile));
  const built = [...(readings.at(-1).values.get("holdfast_build_info")?.keys() ?? [])][0];
  if (built) say($("version"), series(built).labels.version ?? "");
  if (pair) {
    showRoutes(...pair);
    showOperations(...pair);
  }
}
