// Questions to the service, with the key where it asks for one. Paths are relative, so that a proxy may add a prefix.
const PATIENCE = 15000;
const STORED = "holdfast-key";

class Unanswered extends Error {}

// The answer came for another key than the one that is used now, and is nobody's any more.
class Outdated extends Unanswered {}

const key = {
  value: null,
  load() {
    try {
      this.value = sessionStorage.getItem(STORED);
    } catch {
      // Storage is switched off: the key lasts as long as the page.
    }
  },
  set(value) {
    this.value = value;
    try {
      if (value === null) sessionStorage.removeItem(STORED);
      else sessionStorage.setItem(STORED, value);
    } catch {
      // As above.
    }
  },
};

// Integers beyond 2^53 stay what they are, where the browser tells their digits.
function exact(_name, value, context) {
  const unsafe = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return unsafe && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context.source) : value;
}

function read(text) {
  try {
    return JSON.parse(text, exact);
  } catch {
    return undefined;
  }
}

// JSON of what `read` gave.
function write(value, indent) {
  if (typeof value === "bigint") return String(value);
  const marked = (_name, inner) => (typeof inner === "bigint" ? `\u0000${inner}` : inner);
  return JSON.stringify(value, marked, indent).replace(/"\\u0000(-?\d+)"/g, "$1");
}

async function ask(path, { method = "GET", body, headers = {}, json = true } = {}) {
  const used = key.value;
  const sent = { ...headers };
  if (used !== null) sent.Authorization = `Bearer ${used}`;
  if (body !== undefined) sent["Content-Type"] = "application/json";
  const begun = performance.now();
  let answer;
  let text;
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    // For "no-store" a browser says no-cache to the service too, which would keep a search from the service's cache.
    const cache = method === "GET" ? "no-store" : "default";
    answer = await fetch(path, { method, body, headers: sent, signal, cache, credentials: "omit", redirect: "error" });
    text = await answer.text();
  } catch {
    throw new Unanswered("The service does not answer.");
  }
  if (used !== key.value) throw new Outdated("The key was changed meanwhile.");
  const took = performance.now() - begun;
  const data = json || !answer.ok ? read(text) : undefined;
  const result = { status: answer.status, ok: answer.ok, headers: answer.headers, text, data, took };
  if (answer.status === 401) wantKey(result);
  return result;
}

const detail = ({ status, data }) =>
  typeof data?.detail === "string" ? data.detail : `The service answered with the status ${status}.`;

function wantKey(result) {
  const shown = !$("key").hidden;
  $("key").hidden = false;
  say($("key-error"), key.value === null ? "" : `The key was not accepted: ${detail(result)}`);
  if (!shown && document.activeElement === document.body) $("key-value").focus();
}

function changeKey(value) {
  key.set(value);
  $("key-value").value = "";
  say($("key-error"), "");
  $("key").hidden = true;
  $("forget").hidden = value === null;
  startAnew();
}

function setUpKey() {
  key.load();
  $("forget").hidden = key.value === null;
  $("forget").addEventListener("click", () => changeKey(null));
  $("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const value = $("key-value").value.trim();
    if (/^[\x21-\x7e]+$/.test(value)) changeKey(value);
    else say($("key-error"), "A key is made of letters, digits and signs, without spaces.");
  });
}
