// The form that tries a search.
class Mistake extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

const near = () => document.querySelector('input[name="near"]:checked').value;

// The text as it was typed, once it is known to be JSON of that kind: so no integer loses a digit.
function typed(id, kind, fits) {
  const text = $(id).value.trim();
  const value = read(text);
  if (value === undefined || !fits(value)) throw new Mistake(id, `${kind}, in JSON.`);
  return text;
}

function question() {
  const parts = [];
  if (near() === "vector") {
    parts.push(`"vector": ${typed("search-vector", "The vector is a list of numbers", Array.isArray)}`);
  } else {
    const id = $("search-id").value.trim();
    if (!id) throw new Mistake("search-id", "The id is an integer or a UUID.");
    parts.push(`"id": ${/^(0|[1-9]\d*)$/.test(id) ? id : JSON.stringify(id)}`);
  }
  const limit = $("search-limit").value;
  if (!/^\d+$/.test(limit)) throw new Mistake("search-limit", "The limit is a whole number.");
  parts.push(`"limit": ${Number(limit)}`);
  const object = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
  if ($("search-filter").value.trim()) parts.push(`"filter": ${typed("search-filter", "The filter is an object", object)}`);
  return `{${parts.join(", ")}}`;
}

function chosen() {
  const name = $("search-collection").value.trim();
  if (!name) throw new Mistake("search-collection", "Which collection?");
  return name;
}

function payloadCell(payload) {
  const text = payload === undefined ? "" : write(payload, 1).replace(/\n */g, " ");
  if (text.length <= 220) return el("td", { class: "wrap" }, text);
  const whole_ = el("details", {}, el("summary", {}, `${text.slice(0, 220)} …`), el("pre", {}, write(payload, 2)));
  return el("td", { class: "wrap" }, whole_);
}

function hitRow(hit) {
  const score = typeof hit.score === "number" ? hit.score.toFixed(5) : String(hit.score);
  return el("tr", {}, el("th", { scope: "row" }, String(hit.id)), el("td", { class: "n" }, score), payloadCell(hit.payload));
}

function resultLine({ data, headers, took }) {
  const parts = [`${count(data.hits.length)} ${data.hits.length === 1 ? "hit" : "hits"} in ${span(took / 1000)}`];
  if (data.stale) parts.push(el("span", { class: "tag" }, "stale"));
  for (const name of ["Cache-Status", "Age"]) {
    const value = headers.get(name);
    if (value !== null) parts.push(el("span", {}, el("span", { class: "muted" }, `${name}: `), el("code", {}, value)));
  }
  return parts.map((part) => (typeof part === "string" ? el("span", {}, part) : part));
}

function showResult(answer) {
  $("result").hidden = false;
  $("result-line").replaceChildren(...resultLine(answer));
  $("hits").replaceChildren(...answer.data.hits.map(hitRow));
}

function forgetResult() {
  $("result").hidden = true;
  $("hits").replaceChildren();
  say($("search-error"), "");
}

function showMistake(error) {
  if (!(error instanceof Mistake || error instanceof Unanswered)) throw error;
  say($("search-error"), error.message);
  if (!error.field) return;
  $(error.field).setAttribute("aria-invalid", "true");
  $(error.field).setAttribute("aria-describedby", "search-error");
  $(error.field).focus();
}

async function attempt(action) {
  say($("search-error"), "");
  for (const field of $("search").querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  try {
    await action();
  } catch (error) {
    showMistake(error);
  }
}

async function search() {
  const name = chosen();
  const cache = $("search-cache").value;
  const headers = cache ? { "Cache-Control": cache } : {};
  const answer = await ask(`${path(name)}/search`, { method: "POST", body: question(), headers });
  if (answer.ok && Array.isArray(answer.data?.hits)) return showResult(answer);
  $("result").hidden = true;
  return say($("search-error"), `${answer.status}: ${detail(answer)}`);
}

// Drawn evenly from the sphere.
async function randomVector() {
  const kept = await describe(chosen());
  if (!kept.data) throw new Mistake("search-collection", kept.detail);
  const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
  const drawn = Array.from({ length: kept.data.size }, normal);
  const norm = Math.hypot(...drawn) || 1;
  document.querySelector('input[name="near"][value="vector"]').click();
  $("search-vector").value = `[${drawn.map((number) => (number / norm).toFixed(4)).join(", ")}]`;
}

function setUpSearch() {
  $("search").addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(search);
  });
  $("search-random").addEventListener("click", () => attempt(randomVector));
  for (const radio of document.querySelectorAll('input[name="near"]')) {
    radio.addEventListener("change", () => {
      $("search-vector-label").hidden = near() !== "vector";
      $("search-id-label").hidden = near() !== "id";
    });
  }
}
