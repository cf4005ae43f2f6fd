// The page's behaviour. Texts from programs are only ever set as text, never as markup.
const AGAIN_MS = 3000; // after something did not answer
const LOOK_MS = 5000; // for what other tabs and people did
const find = (selector, where = document) => where.querySelector(selector);
const cards = new Map();
let choices;
let key = crypto.randomUUID();

async function ask(path, body) {
  const sent = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, sent).catch(() => undefined);
  if (!answer) throw new Error("The app does not answer.");
  const found = await answer.json().catch(() => ({}));
  if (answer.ok) return found;
  const other = answer.status === 422 ? "The form is not filled in correctly." : `The app answered ${answer.status}.`;
  throw Object.assign(new Error(typeof found.detail === "string" ? found.detail : other), { gone: answer.status === 404 });
}

const guarded = (action) => async (event) => {
  event?.preventDefault();
  find("#problem").textContent = "";
  try {
    await action();
  } catch (error) {
    find("#problem").textContent = error.message;
  }
};

function offer() {
  const idea = choices.ideas[find("#idea").value];
  find("#values").replaceChildren(...Object.entries(idea.values).map(([name, text]) => {
    const label = document.createElement("label");
    const input = Object.assign(document.createElement("input"), { name, value: text, required: true });
    label.append(`${name} (5,10,20 or 5:50:5)`, input);
    return label;
  }));
}

async function start() {
  const values = Object.fromEntries([...document.querySelectorAll("#values input")].map((one) => [one.name, one.value]));
  const status = await ask("/api/backtests", { idea: find("#idea").value, dataset: find("#dataset").value, values, key });
  key = crypto.randomUUID();
  show(status, true);
}

function show(status, first) {
  if (cards.has(status.batch_id)) return;
  const card = find("#card").content.cloneNode(true).firstElementChild;
  const path = `/api/backtests/${status.batch_id}`;
  card.dataset.batch = status.batch_id;
  find(".name", card).textContent = status.name;
  find(".id", card).textContent = status.batch_id;
  find(".report", card).href = `/backtests/${status.batch_id}/report`;
  find(".cancel", card).onclick = guarded(() => ask(`${path}/cancel`, {}));
  find(".retry", card).onclick = guarded(async () => {
    if ((await ask(`${path}/retry`, {})).retried) follow(card, path);
  });
  cards.set(status.batch_id, card);
  find("#backtests")[first ? "prepend" : "append"](card);
  progress(card, status.finished, status.total);
  if (status.done) resume(card, path);
  else follow(card, path);
}

function progress(card, finished, total) {
  Object.assign(find("progress", card), { max: total, value: finished });
  find(".count", card).textContent = `${finished} of ${total}`;
  find(".cancel", card).disabled = finished === total;
  find(".retry", card).disabled = true;
}

function follow(card, path) {
  card.dataset.state = "running";
  tell(card, "");
  const source = new EventSource(`${path}/events?after=${card.dataset.last ?? 0}`);
  const moved = (event) => {
    card.dataset.last = event.lastEventId;
    const found = JSON.parse(event.data);
    requestAnimationFrame(() => card.dataset.state === "running" && progress(card, found.finished, found.total));
  };
  source.addEventListener("finished", moved);
  source.addEventListener("retried", moved);
  source.addEventListener("end", () => {
    source.close();
    resume(card, path);
  });
  source.onopen = () => tell(card, "");
  source.onerror = () => {
    tell(card, "The connection is lost; trying again.");
    // The browser itself connects again, unless it was answered with an error.
    if (source.readyState === EventSource.CLOSED) setTimeout(() => resume(card, path), AGAIN_MS);
  };
}

const tell = (card, text) => { find(".lost", card).textContent = text; };

// Shows where a batch stands, and follows it until it is done.
async function resume(card, path) {
  try {
    if (await refresh(card, path)) follow(card, path);
  } catch (error) {
    tell(card, error.message);
    if (!error.gone) setTimeout(() => resume(card, path), AGAIN_MS);
  }
}

const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)}\u00a0%`);

async function refresh(card, path) {
  const found = await ask(path);
  tell(card, "");
  progress(card, found.finished, found.total);
  find(".outcomes", card).textContent = Object.entries(found.outcomes).map(([name, count]) => `${count} ${name}`).join(", ");
  find(".retry", card).disabled = !found.done || Object.keys(found.outcomes).every((name) => ["succeeded", "cancelled"].includes(name));
  find(".verdict", card).textContent = found.ranked.length ? found.verdict : found.unscored ? "No variant has been scored." : "";
  find("table", card).hidden = !found.ranked.length;
  find("tbody", card).replaceChildren(...found.ranked.map((row) => line([
    row.rank,
    Object.entries(row.params).filter(([name]) => name !== "dataset").map(([name, value]) => `${name}=${value}`).join(" "),
    row.sharpe === null ? "–" : row.sharpe.toFixed(2),
    percent(row.probability),
    percent(row.total_return),
    percent(row.max_drawdown),
  ])));
  find(".failures", card).replaceChildren(...found.failures.map((kind) => {
    const item = document.createElement("li");
    item.textContent = `${kind.count}× ${kind.type}: ${kind.message.replace(/[^.!?]$/, "$&.")} ${kind.fix}`;
    return item;
  }));
  card.dataset.outcomes = JSON.stringify(found.outcomes);
  if (found.done) card.dataset.state = "done";
  return !found.done;
}

function line(cells) {
  const row = document.createElement("tr");
  row.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
  return row;
}

// Shows batches that are new, and follows those that run again.
async function look(first) {
  const found = await ask("/api/backtests");
  for (const status of first ? found.reverse() : found) show(status, first);
  for (const status of found) {
    const card = cards.get(status.batch_id);
    if (card.dataset.state === "done" && JSON.stringify(status.outcomes) !== card.dataset.outcomes) resume(card, `/api/backtests/${status.batch_id}`);
  }
}

async function open() {
  choices = await ask("/api/choices");
  find("#idea").replaceChildren(...Object.entries(choices.ideas).map(([name, idea]) => new Option(idea.title, name)));
  find("#dataset").replaceChildren(...choices.datasets.map((name) => new Option(name, name)));
  if (!choices.datasets.length) throw new Error("There is no dataset yet. Add one: windtunnel datasets add NAME FILE");
  find("#idea").onchange = offer;
  find("#form").onsubmit = guarded(start);
  offer();
  await look(false);
}

for (;;) {
  try {
    await open();
    break;
  } catch (error) {
    find("#problem").textContent = error.message;
    await new Promise((wake) => setTimeout(wake, AGAIN_MS));
  }
}
find("#problem").textContent = "";
setInterval(() => document.hidden || look(true).catch(() => undefined), LOOK_MS);
document.body.dataset.ready = "yes";
