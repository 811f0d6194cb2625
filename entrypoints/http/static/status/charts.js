// Small charts of one series each. Their text alternative says what the eye would take from them.
const WIDE = 120;
const HIGH = 30;

function told(title, values, format) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return `${title}: no course yet`;
  const [least, most] = [Math.min(...known), Math.max(...known)].map(format);
  return `${title}, chart: now ${format(known.at(-1))}, least ${least}, most ${most}`;
}

// The runs of points between gaps, from 0 at the bottom to the greatest value at the top.
function runs(values, slots) {
  const top = Math.max(...values.map((value) => value ?? 0)) || 1;
  const found = [[]];
  values.forEach((value, index) => {
    if (value === null) return found.push([]);
    const x = WIDE * (1 - (values.length - 1 - index) / (slots - 1));
    return found.at(-1).push([x, HIGH - 1 - (HIGH - 3) * (value / top)].map((at) => at.toFixed(2)).join(" "));
  });
  return found.filter((run) => run.length > 1);
}

// `slots` is how many values would fill the chart: a course that is shorter stands at the right.
function sparkline(title, values, format, slots) {
  const shapes = runs(values, slots).flatMap((run) => {
    const [first, last] = [run[0].split(" ")[0], run.at(-1).split(" ")[0]];
    return [
      svg("path", { class: "area", d: `M${first} ${HIGH} L${run.join(" L")} L${last} ${HIGH} Z` }),
      svg("path", { class: "line", d: `M${run.join(" L")}` }),
    ];
  });
  const box = { viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: "none" };
  const base = svg("path", { class: "base", d: `M0 ${HIGH} H${WIDE}` });
  return svg("svg", { class: "spark", role: "img", "aria-label": told(title, values, format), ...box }, base, ...shapes);
}
