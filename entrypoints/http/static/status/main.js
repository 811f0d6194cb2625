// Asks again every few seconds, while somebody looks. What asked for a key is not asked again until there is another.
const EVERY = 3000;
const SOON = 1000;
const loop = { timer: 0, turn: 0, locked: new Set() };

const parts = [
  {
    async ask() {
      const answer = await ask("health/infra");
      showBackends(answer);
      return answer.status;
    },
  },
  {
    async ask() {
      const answer = await ask("metrics", { json: false });
      if (answer.ok) keep(answer.text);
      else forgetReadings();
      const missing = "This service does not serve /metrics, so there are no figures of its traffic.";
      showTraffic(answer.ok ? "" : answer.status === 404 ? missing : detail(answer));
      return answer.status;
    },
  },
  {
    ask: showCollections,
  },
];

async function poll(turn) {
  const asked = parts.filter((part) => !loop.locked.has(part));
  const results = await Promise.allSettled(asked.map(async (part) => ((await part.ask()) === 401 ? part : null)));
  if (turn !== loop.turn) return;
  for (const { value } of results) if (value) loop.locked.add(value);
  const failed = results.filter(({ reason }) => reason !== undefined).map(({ reason }) => reason);
  if (failed.some((reason) => reason instanceof Unanswered)) overall("down", "No answer");
  else if (asked.length) say($("updated"), `as of ${clock(new Date())}`);
  if (!document.hidden) loop.timer = setTimeout(() => poll(turn), readings.length === 1 ? SOON : EVERY);
  for (const reason of failed) if (!(reason instanceof Unanswered)) reportError(reason);
}

function start() {
  clearTimeout(loop.timer);
  loop.turn += 1;
  poll(loop.turn);
}

// With another key everything may look different, so that nothing of before is kept.
function startAnew() {
  loop.locked.clear();
  forgetReadings();
  forgetBackends();
  forgetCollections();
  forgetResult();
  showTraffic();
  start();
}

setUpKey();
setUpCollections();
setUpSearch();
document.addEventListener("visibilitychange", () => {
  clearTimeout(loop.timer);
  if (!document.hidden) start();
});
start();
