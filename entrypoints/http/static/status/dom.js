// Elements and words. Data goes in as text alone: whatever a payload or a name holds, it is shown, never read as markup.
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const el = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

// Changes the text only where it differs, so that a live region speaks of changes alone.
function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function note(id, text) {
  $(id).hidden = !text;
  say($(id), text);
}

const state = (name, text) => el("span", { class: "state", "data-state": name }, text ?? words(name));
const words = (name) => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll("_", " ");

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const three = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const hundredths = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const NONE = "–";

const count = (value) => (value === null || value === undefined ? NONE : whole.format(value));
const rate = (value) => (value === null ? NONE : (value >= 100 ? whole : value < 1 ? hundredths : three).format(value));
const share = (value) => (value === null ? NONE : `${three.format(value * 100)} %`);

function span(seconds) {
  if (seconds === null) return NONE;
  if (seconds < 1) return `${three.format(seconds * 1000)} ms`;
  if (seconds < 120) return `${three.format(seconds)} s`;
  return seconds < 7200 ? `${whole.format(seconds / 60)} min` : `${three.format(seconds / 3600)} h`;
}

const clock = (date) => date.toLocaleTimeString("en-GB");

// The time of day, with the day where that is not today.
function moment(text) {
  const at = new Date(text);
  const today = at.toDateString() === new Date().toDateString();
  const shown = today ? clock(at) : `${at.toLocaleDateString("en-CA")} ${clock(at)}`;
  return el("time", { datetime: text, title: text }, shown);
}
