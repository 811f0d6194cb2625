// The collections, of which those on the page shown are described, and no others.
const PAGE = 20;
const OLD = 30000;
const AT_ONCE = 4;
const collections = { names: [], page: 0, found: new Map(), listed: -Infinity, turn: 0 };

const matching = () => {
  const part = $("collections-filter").value.toLowerCase();
  return collections.names.filter((name) => name.toLowerCase().includes(part));
};

const path = (name) => `v1/collections/${encodeURIComponent(name)}`;

async function describe(name) {
  const kept = collections.found.get(name);
  if (kept && performance.now() - kept.at < OLD) return kept;
  const answer = await ask(path(name));
  const fresh = { at: performance.now(), data: answer.ok ? answer.data : null, detail: answer.ok ? "" : detail(answer) };
  collections.found.set(name, fresh);
  return fresh;
}

function indexCell({ indexes, indexed = {} }) {
  const entries = Object.entries(indexes ?? {});
  if (!entries.length) return el("td", { class: "wrap muted" }, "none");
  const told = (field) => (indexed[field] === undefined ? null : `covers ${count(indexed[field])} points`);
  const parts = entries.map(([field, type]) => el("span", { title: told(field) }, el("span", { class: "mono" }, field), ` ${type}`));
  return el("td", { class: "wrap" }, ...parts.flatMap((part, index) => (index ? [", ", part] : [part])));
}

function stateCell(info) {
  const cell = el("td", {}, state(info.status));
  const graph = info.indexed_vectors;
  // A store makes no graph of few vectors.
  if (graph !== undefined && info.points && (graph || info.status === "building")) {
    const part = Math.min(graph / info.points, 1);
    const text = ` graph ${Math.floor(part * 100)} %`;
    if (info.status === "building") cell.append(" ", el("progress", { value: part, "aria-label": `Graph of ${info.name}` }));
    cell.append(el("span", { class: "muted", title: `${count(graph)} of ${count(info.points)} vectors are in the graph` }, text));
  }
  return cell;
}

function collectionRow(name) {
  const kept = collections.found.get(name);
  const use = el("td", { class: "n" }, el("button", { type: "button", "data-name": name, "aria-label": `Search ${name}` }, "Search"));
  const head = el("th", { scope: "row", class: "mono" }, name);
  if (!kept?.data) return el("tr", {}, head, el("td", { colspan: 4, class: "wrap muted" }, kept ? kept.detail : "…"), use);
  const info = kept.data;
  const vectors = el("td", {}, `${count(info.size)} ${info.distance}`);
  return el("tr", {}, head, el("td", { class: "n" }, count(info.points)), vectors, indexCell(info), stateCell(info), use);
}

function renderCollections() {
  const shown = matching();
  const pages = Math.max(1, Math.ceil(shown.length / PAGE));
  collections.page = Math.min(collections.page, pages - 1);
  const here = shown.slice(collections.page * PAGE, (collections.page + 1) * PAGE);
  const focused = document.activeElement?.dataset?.name;
  const none = el("tr", {}, el("td", { colspan: 6, class: "muted" }, collections.names.length ? "None of that name." : "There are none."));
  $("collections").replaceChildren(...(here.length ? here.map(collectionRow) : [none]));
  if (focused !== undefined) [...$("collections").querySelectorAll("button")].find((one) => one.dataset.name === focused)?.focus();
  say($("collections-count"), count(collections.names.length));
  say($("collections-page"), `${collections.page + 1} of ${pages}`);
  $("collections-before").disabled = collections.page === 0;
  $("collections-after").disabled = collections.page >= pages - 1;
  return here;
}

// A few at once; whoever turns the page meanwhile begins another turn, and this one ends.
async function describeShown() {
  const turn = ++collections.turn;
  const left = renderCollections();
  const worker = async () => {
    while (left.length && turn === collections.turn) await describe(left.shift());
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
  }
  if (turn === collections.turn) renderCollections();
}

async function showCollections() {
  if (performance.now() - collections.listed < OLD) return 200;
  const answer = await ask("v1/collections");
  note("collections-note", answer.ok ? "" : detail(answer));
  if (!answer.ok) return answer.status;
  collections.listed = performance.now();
  collections.names = answer.data.collections;
  $("collection-names").replaceChildren(...collections.names.slice(0, 1000).map((value) => el("option", { value })));
  if (!$("search-collection").value && collections.names.length) $("search-collection").value = collections.names[0];
  await describeShown();
  return 200;
}

function forgetCollections() {
  Object.assign(collections, { names: [], page: 0, found: new Map(), listed: -Infinity });
  collections.turn += 1;
  $("collections").replaceChildren();
  $("collection-names").replaceChildren();
  for (const id of ["collections-count", "collections-page"]) say($(id), "");
  $("search-collection").value = "";
}

function setUpCollections() {
  const turn = (by) => () => {
    collections.page += by;
    describeShown();
  };
  $("collections-before").addEventListener("click", turn(-1));
  $("collections-after").addEventListener("click", turn(1));
  let waiting = 0;
  $("collections-filter").addEventListener("input", () => {
    collections.page = 0;
    renderCollections();
    clearTimeout(waiting);
    waiting = setTimeout(describeShown, 300);
  });
  $("collections").addEventListener("click", ({ target }) => {
    const { name } = target.closest("button")?.dataset ?? {};
    if (name === undefined) return;
    $("search-collection").value = name;
    $("search-collection").focus();
  });
}
