// The text of /metrics, as Prometheus has it; rates and quantiles from the difference of two readings.
const KEPT = 61;
const readings = [];
const known = new Map();

function labelsOf(text) {
  const labels = {};
  for (const [, name, value] of text.matchAll(/([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
    labels[name] = value.replace(/\\(.)/g, (_all, sign) => (sign === "n" ? "\n" : sign));
  }
  return labels;
}

// A series is looked at once; what its name and labels are does not change from reading to reading.
function series(text) {
  let found = known.get(text);
  if (!found) {
    const brace = text.indexOf("{");
    found = brace < 0 ? { name: text, labels: {} } : { name: text.slice(0, brace), labels: labelsOf(text.slice(brace)) };
    known.set(text, found);
  }
  return found;
}

function parse(text) {
  const values = new Map();
  for (const line of text.split("\n")) {
    const match = /^(holdfast_\w+(?:\{.*\})?)\s+(\S+)/.exec(line);
    if (!match) continue;
    const { name } = series(match[1]);
    if (!values.has(name)) values.set(name, new Map());
    values.get(name).set(match[1], match[2] === "+Inf" ? Infinity : Number(match[2]));
  }
  return values;
}

function keep(text) {
  readings.push({ at: performance.now() / 1000, values: parse(text) });
  if (readings.length > KEPT) readings.shift();
}

function forgetReadings() {
  readings.length = 0;
  known.clear();
}

// What each series of a counter grew by between two readings; one that fell has begun anew.
function* growth(name, from, to) {
  const before = from.values.get(name);
  for (const [text, value] of to.values.get(name) ?? []) {
    const grown = value - (before?.get(text) ?? 0);
    yield [series(text).labels, grown < 0 ? value : grown];
  }
}

function grew(name, from, to, wanted = () => true) {
  let sum = 0;
  for (const [labels, grown] of growth(name, from, to)) if (wanted(labels)) sum += grown;
  return sum;
}

const perSecond = (name, from, to, wanted) => grew(name, from, to, wanted) / (to.at - from.at);

// Within a bucket values are taken to be spread evenly. Null where nothing was observed.
function quantiles(name, from, to, wanted, ...asked) {
  const buckets = new Map();
  for (const [labels, grown] of growth(`${name}_bucket`, from, to)) {
    const edge = labels.le === "+Inf" ? Infinity : Number(labels.le);
    if (wanted(labels)) buckets.set(edge, (buckets.get(edge) ?? 0) + grown);
  }
  const sorted = [...buckets].sort(([one], [other]) => one - other);
  return asked.map((q) => quantile(sorted, q));
}

function quantile(sorted, q) {
  const rank = q * (sorted.at(-1)?.[1] ?? 0);
  if (rank <= 0) return null;
  let [low, below] = [0, 0];
  for (const [edge, upTo] of sorted) {
    if (upTo >= rank && edge !== Infinity) return low + (edge - low) * ((rank - below) / (upTo - below));
    if (edge !== Infinity) [low, below] = [edge, upTo];
  }
  return low;
}

function gauge(name, reading, wanted = () => true) {
  let sum = null;
  for (const [text, value] of reading.values.get(name) ?? []) if (wanted(series(text).labels)) sum = (sum ?? 0) + value;
  return sum;
}

// The last reading, and the latest one that is at least so many seconds older, or the oldest.
function lately(seconds) {
  const to = readings.at(-1);
  const from = readings.findLast((reading) => to.at - reading.at >= seconds) ?? readings[0];
  return from === to ? null : [from, to];
}

// One value for each pair of neighbouring readings.
const course = (give) => readings.slice(1).map((to, index) => give(readings[index], to));
