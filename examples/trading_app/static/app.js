// The page's behaviour. Texts from programs are only ever set as text, never as markup.
const find = (selector, where = document) => where.querySelector(selector);
const cards = new Map();
let choices;
let key = crypto.randomUUID();

async function ask(path, body) {
  const sent = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, sent);
  const found = await answer.json();
  if (!answer.ok) throw new Error(typeof found.detail === "string" ? found.detail : "The form is not filled in correctly.");
  return found;
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
  if (status.done) refresh(card, path);
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
    refresh(card, path);
  });
}

const percent = (share) => (share === null ? "–" : `${(100 * share).toFixed(1)}\u00a0%`);

async function refresh(card, path) {
  const found = await ask(path);
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
    item.textContent = `${kind.count}× ${kind.type}: ${kind.message} ${kind.fix}`;
    return item;
  }));
  card.dataset.state = "done";
}

function line(cells) {
  const row = document.createElement("tr");
  row.append(...cells.map((text) => Object.assign(document.createElement("td"), { textContent: text })));
  return row;
}

choices = await ask("/api/choices");
find("#idea").append(...Object.entries(choices.ideas).map(([name, idea]) => new Option(idea.title, name)));
find("#dataset").append(...choices.datasets.map((name) => new Option(name, name)));
find("#idea").onchange = offer;
find("#form").onsubmit = guarded(start);
offer();
for (const status of await ask("/api/backtests")) show(status, false);
document.body.dataset.ready = "yes";
