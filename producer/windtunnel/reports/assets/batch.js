const C = Object.fromEntries(data.columns.map((name, place) => [name, place]));
const at = (row, name) => row[C[name]];
const scored = data.rows.filter((row) => known(at(row, "total_return")));
/* Those whose figures can be compared: what a cascade stopped is over other bars, and what a check refuted says nothing. */
const complete = scored.filter((row) => !at(row, "stopped") && !["leaks", "not_reproducible"].includes(at(row, "look_ahead")));
const staged = data.stages.length > 0;
const PAGE = 25;

/* What the leaderboard shows: the column, its title, its text, and whether high comes first. */
const SHOWN = [
  { key: "rank", name: "#", text: whole, n: true, up: true },
  { key: "name", name: "Job", up: true },
  ...(staged ? [{ key: "stage", name: "Stage" }] : []),
  { key: "sharpe", name: "Sharpe", text: number, n: true, about: "annual" },
  { key: "beyond", name: "Not luck", text: probability, n: true, about: "probability that the Sharpe ratio is higher than luck reaches in the best of all trials, and than moving with the market earns; significant from 95 %" },
  { key: "deflated", name: "Deflated", text: probability, n: true, about: "deflated Sharpe ratio: probability that the Sharpe ratio is higher than luck reaches in the best of all trials" },
  { key: "curve", name: "Equity" },
  { key: "left", name: "After haircut", text: number, n: true, about: "annual Sharpe ratio after Šidák's correction for all trials" },
  { key: "total_return", name: "Return", text: percent, n: true },
  { key: "annual_return", name: "Annual return", text: percent, n: true },
  { key: "max_drawdown", name: "Drawdown", text: percent, n: true },
  { key: "trades", name: "Trades", text: whole, n: true },
  { key: "costly", name: "At 3x costs", text: percent, n: true, about: "total return with three times the costs" },
  { key: "seconds", name: "Run", text: seconds, n: true },
  { key: "outcome", name: "Outcome", up: true },
];

const view = { sort: "rank", up: true, words: "", outcome: "", only: false, page: 0, chosen: null };
const CONDITION = /^([^<>=]+)(<=|>=|=|<|>)([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)(%?)$/;
const EQUAL = /^([^<>=]+)=(.+)$/;
/* Columns by their titles too: `return`, `annual_return`, `not_luck`. */
const TITLES = Object.fromEntries(SHOWN.map((column) => [column.name.toLowerCase().replaceAll(" ", "_"), column.key]));
const collator = new Intl.Collator("en", { numeric: true });
const COMPARE = { "<": (a, b) => a < b, ">": (a, b) => a > b, "=": (a, b) => a === b, "<=": (a, b) => a <= b, ">=": (a, b) => a >= b };

function params(row) {
  try { return JSON.parse(at(row, "params")) || {}; } catch { return {}; }
}

const parameters = (row) => Object.entries(params(row)).map(([key, value]) => `${key}=${brief(value)}`).join(" ");
const title = (row) => `${at(row, "name")} ${parameters(row)}`.trim().slice(0, 90);

/* One word of the filter: `sharpe>1`, `fast=10`, `kind=ema`, or a text that name, id, parameters, labels or message contain. */
function condition(word) {
  const found = CONDITION.exec(word), equal = EQUAL.exec(word);
  if (found) {
    const [, key, operator, text, unit] = found, bound = Number(text) / (unit ? 100 : 1);
    return (row) => {
      const value = valueOf(row, key);
      if (typeof value !== "number") return operator === "=" && known(value) && plain(value).toLowerCase() === text + unit;
      return COMPARE[operator](value, bound);
    };
  }
  if (equal) return (row) => plain(valueOf(row, equal[1])).toLowerCase() === equal[2];
  return (row) => haystack(row).includes(word);
}
/* A column, a parameter, or a column by its title; the key is in lower case. */
function valueOf(row, key) {
  if (key in C) return at(row, key);
  for (const [name, value] of Object.entries(params(row))) if (name.toLowerCase() === key) return value;
  return key in TITLES ? at(row, TITLES[key]) : null;
}
const texts = new Map();
function haystack(row) {
  if (!texts.has(row)) texts.set(row, ["job", "name", "params", "labels", "outcome", "message", "why"].map((name) => at(row, name) || "").join(" ").toLowerCase());
  return texts.get(row);
}

function visibleRows() {
  const tests = view.words.toLowerCase().split(/\s+/).filter(Boolean).map(condition);
  const exact = data.rows.filter((row) => at(row, "job") === view.words.trim());
  if (exact.length) return exact;
  const kept = data.rows.filter((row) => (!view.outcome || at(row, "outcome") === view.outcome) && (!view.only || known(at(row, "rank"))) && tests.every((test) => test(row)));
  const order = view.up ? 1 : -1;
  return kept.map((row, place) => [at(row, view.sort), place, row]).sort(([a, i], [b, j]) => {
    if (known(a) !== known(b)) return known(a) ? -1 : 1;
    if (!known(a) || a === b) return i - j;
    return (typeof a === "string" ? collator.compare(a, b) : a - b) * order;
  }).map(([, , row]) => row);
}

function leaderboard() {
  const head = h("tr", {}), body = h("tbody", {}), count = h("span", { class: "soft", id: "count" });
  const back = h("button", { class: "plain", onclick: () => { view.page -= 1; show(); } }, "Previous");
  const next = h("button", { class: "plain", onclick: () => { view.page += 1; show(); } }, "Next");
  const search = h("input", { type: "search", id: "search", placeholder: "Filter: name, parameter, sharpe>1, return>5%, fast=10 …", "aria-label": "Filter", oninput: () => { view.words = search.value; view.page = 0; show(); } });
  const outcomes = h("select", { id: "outcome", "aria-label": "Outcome", onchange: () => { view.outcome = outcomes.value; view.page = 0; show(); } }, h("option", { value: "" }, "All outcomes"), Object.keys(data.summary.outcomes).map((name) => h("option", { value: name }, name)));
  const only = h("input", { type: "checkbox", id: "ranked", onchange: () => { view.only = only.checked; view.page = 0; show(); } });
  function show() {
    const rows = visibleRows(), pages = Math.max(1, Math.ceil(rows.length / PAGE));
    view.page = Math.min(view.page, pages - 1);
    const shown = rows.slice(view.page * PAGE, (view.page + 1) * PAGE);
    head.replaceChildren(...SHOWN.map((column) => h("th", { class: column.n ? "n" : null, title: column.about, "aria-sort": view.sort === column.key ? (view.up ? "ascending" : "descending") : null }, column.key === "curve" ? column.name : h("button", { "data-sort": column.key, onclick: () => sortBy(column) }, column.name + (view.sort === column.key ? (view.up ? " ▲" : " ▼") : "")))));
    const none = data.rows.length ? "No job matches the filter." : "There are no reports yet.";
    body.replaceChildren(...(shown.length ? shown.flatMap(line) : [h("tr", {}, h("td", { colspan: SHOWN.length, class: "soft" }, none))]));
    count.textContent = `${whole(rows.length)} of ${counted(data.rows.length, "job")}, page ${view.page + 1} of ${pages}`;
    back.disabled = view.page === 0;
    next.disabled = view.page >= pages - 1;
  }
  function sortBy(column) {
    view.up = view.sort === column.key ? !view.up : Boolean(column.up);
    view.sort = column.key;
    view.page = 0;
    show();
  }
  function line(row) {
    const cells = SHOWN.map((column) => h("td", { class: [column.n ? "n" : "", column.key === "name" ? "job" : "", ["total_return", "annual_return", "costly"].includes(column.key) ? sign(at(row, column.key)) : ""].join(" ") }, cell(row, column)));
    const job = at(row, "job"), toggle = () => { view.chosen = view.chosen === row ? null : row; show(); [...body.children].find((one) => one.dataset.job === job).focus(); };
    const main = h("tr", { class: `pick${view.chosen === row ? " chosen" : ""}`, "data-job": job, tabindex: 0, onclick: toggle, onkeydown: (event) => { if (event.key === "Enter") toggle(); } }, cells);
    return view.chosen === row ? [main, h("tr", {}, h("td", { colspan: SHOWN.length }, details(row)))] : [main];
  }
  leaderboard.find = (row) => { Object.assign(view, { words: at(row, "job"), outcome: "", only: false, page: 0, chosen: row }); search.value = at(row, "job"); outcomes.value = ""; only.checked = false; show(); document.getElementById("leaderboard").scrollIntoView(); };
  show();
  return h("div", { id: "leaderboard" }, h("div", { class: "tools" }, search, outcomes, h("label", {}, only, " ranked only"), count, back, next), h("div", { class: "scroll" }, h("table", {}, h("thead", {}, head), body)));
}

function cell(row, column) {
  const value = at(row, column.key);
  if (column.key === "name") return [foreign(value), h("br", {}), h("small", { class: "soft foreign" }, (parameters(row) || at(row, "job")).slice(0, 90))];
  if (column.key === "curve") return sparkline(value, at(row, "total_return") > 0);
  if (column.key === "beyond" && value >= 0.95) return h("b", { class: "good" }, probability(value));
  if (column.key === "stage") return value;
  if (column.key === "outcome") { const name = h("span", {}, value); name.style.color = outcomeColour(value); return name; }
  return column.text(value);
}

function details(row) {
  const figures = scored.includes(row) ? [["Volatility, exposure", `${percent(at(row, "volatility"))}, ${percent(at(row, "exposure"))}`], ["Sortino, Calmar", `${number(at(row, "sortino"))}, ${number(at(row, "calmar"))}`], ["Annual turnover, hit rate", `${number(at(row, "turnover"), 1)}, ${percent(at(row, "hit_rate"))}`]] : [];
  const facts = [["Job", at(row, "job")], ["Parameters", at(row, "params")], ["Labels", at(row, "labels")], ["Message", at(row, "message")], ["Not ranked because", at(row, "why")], ["Look-ahead check", (at(row, "look_ahead") || "").replaceAll("_", " ")], ["Deflated over independent trials", known(at(row, "deflated_effective")) ? probability(at(row, "deflated_effective")) : ""], ...figures, ["Memory", known(at(row, "memory_mb")) ? `${number(at(row, "memory_mb"), 0)} MB` : ""], ["Waited", known(at(row, "waited_s")) ? seconds(at(row, "waited_s")) : ""]];
  return h("dl", { class: "facts" }, facts.filter(([, value]) => value && value !== "{}").flatMap(([name, value]) => [h("dt", {}, name), h("dd", { class: "foreign" }, value)]));
}

/* A parameter's values in order, and the place of each; many numbers share ranges. Nothing if it cannot be charted. */
const MOST_VALUES = 40, RANGES = 8;
function axis([key, found]) {
  const all = [...found], numeric = all.every(Number.isFinite);
  if (all.length < 2 || (all.length > MOST_VALUES && !numeric)) return null;
  if (all.length <= MOST_VALUES) return { key, numeric, of: (value) => value, places: all.sort((a, b) => typeof a === "number" && typeof b === "number" ? a - b : collator.compare(String(a), String(b))) };
  const [low, high] = extent(all), marks = ticks(low, high, RANGES), step = marks[1] - marks[0], text = labelled(marks, number);
  const start = Math.floor(low / step), of = (value) => `${text(Math.floor(value / step) * step)} to ${text((Math.floor(value / step) + 1) * step)}`;
  return { key, numeric, of, places: Array.from({ length: Math.floor(high / step) - start + 1 }, (_, place) => of((start + place + 0.5) * step)) };
}

/* A cell of a heat table: the mean of some Sharpe ratios. */
function average(found) {
  if (!found) return null;
  const mean = found.reduce((sum, one) => sum + one, 0) / found.length;
  return { value: mean, text: number(mean), title: `${counted(found.length, "job")}, best ${number(Math.max(...found))}` };
}

function heatMap() {
  const values = new Map(), ranked = complete.filter((row) => known(at(row, "sharpe")));
  for (const row of ranked) for (const [key, value] of Object.entries(params(row))) {
    if (value !== null && typeof value === "object") continue;
    if (!values.has(key)) values.set(key, new Set());
    values.get(key).add(value);
  }
  const axes = [...values].map(axis).filter(Boolean), only = axes[0];
  if (!only) return null;
  if (axes.length === 1) {
    const points = ranked.map((row) => ({ x: params(row)[only.key], y: at(row, "sharpe"), colour: "--accent", text: `${title(row)}: Sharpe ${number(at(row, "sharpe"))}`, row })).filter((one) => one.x !== undefined);
    const chart = only.numeric ? scatter(points, number, number, "Sharpe ratio by the parameter", (row) => row && leaderboard.find(row)) : heatTable(only.places, ["mean"], (_, column) => average(points.filter((one) => one.x === column).map((one) => one.y)), "");
    return h("figure", { id: "by-parameter" }, h("h3", {}, "Sharpe ratio by ", foreign(only.key)), chart, h("figcaption", {}, "A single good value among bad ones is more often luck than skill."));
  }
  const choose = (chosen, label) => h("select", { "aria-label": label, onchange: show }, axes.map(({ key }) => h("option", { value: key, selected: key === chosen ? "" : null }, key)));
  const down = choose(only.key, "Rows"), across = choose(axes[1].key, "Columns"), holder = h("div", {});
  function show() {
    const groups = new Map(), [rows, columns] = [down, across].map((chosen) => axes.find(({ key }) => key === chosen.value));
    for (const row of ranked) {
      const found = params(row), place = JSON.stringify([rows, columns].map(({ key, of }) => of(found[key])));
      if (!groups.has(place)) groups.set(place, []);
      groups.get(place).push(at(row, "sharpe"));
    }
    holder.replaceChildren(heatTable(columns.places, rows.places, (row, column) => average(groups.get(JSON.stringify([row, column]))), `${down.value} \\ ${across.value}`));
  }
  show();
  return h("figure", { id: "heat" }, h("h3", {}, "Mean Sharpe ratio by two parameters"), h("div", { class: "tools" }, down, "against", across), holder, h("figcaption", {}, "A single good cell among bad ones is more often luck than skill."));
}

function charts() {
  const ratios = complete.map((row) => at(row, "sharpe")).filter(known), noise = data.summary.noise, market = data.summary.market || {};
  const points = complete.map((row) => ({ x: at(row, "max_drawdown"), y: at(row, "annual_return") ?? at(row, "total_return"), colour: at(row, "beyond") >= 0.95 ? "--good" : "--accent", text: `${title(row)}: Sharpe ${number(at(row, "sharpe"))}`, row })).filter((one) => known(one.x) && known(one.y) && Math.abs(one.y) < 1000);
  if (!points.length) return null;
  const held = { x: market.max_drawdown, y: market.annual_return ?? market.total_return, colour: "--warn", text: `Buy and hold: Sharpe ${number(market.sharpe)}` };
  if (known(held.x) && known(held.y)) points.push(held);
  return section("Luck and skill", h("div", { class: "grid" },
    ratios.length ? h("figure", { id: "histogram" }, h("h3", {}, "Sharpe ratios"), histogram(ratios, [{ at: noise, text: `luck alone: ${number(noise)}`, style: "luck" }, { at: market.sharpe, text: `buy and hold: ${number(market.sharpe)}`, style: "market" }], "Distribution of the Sharpe ratios"), h("figcaption", {}, `Luck alone: what the best of ${counted(data.summary.trials.count, "trial")} without skill is expected to reach.`)) : null,
    h("figure", { id: "scatter" }, h("h3", {}, "Annual return against maximum drawdown"), scatter(points, percent, percent, "Return against drawdown", (row) => row && leaderboard.find(row)), h("figcaption", {}, `Green: significant. ${points.includes(held) ? "Yellow: buy and hold. " : ""}A click shows the job in the leaderboard.`)),
    heatMap()));
}

function outcomes() {
  const entries = Object.entries(data.summary.outcomes);
  const colour = (element, outcome) => { element.style.background = outcomeColour(outcome); return element; };
  const bar = entries.map(([outcome, count]) => { const part = colour(h("i", { title: `${outcome}: ${count}` }), outcome); part.style.flex = String(count); return part; });
  return section("Outcomes", h("div", { class: "stack" }, bar), h("div", { class: "key" }, entries.map(([outcome, count]) => h("span", {}, colour(h("i", {}), outcome), `${outcome} ${whole(count)}`))));
}

function failures() {
  if (!data.clusters.length) return null;
  const rows = data.clusters.map((one) => [whole(one.count), h("b", {}, foreign(one.type)), [foreign(one.message), one.source ? [h("br", {}), h("code", {}, `line ${one.line}: ${one.source}`)] : null], foreign(one.remedy), foreign(one.jobs.join(", "))].map((cellOf, place) => h("td", { class: place ? null : "n" }, cellOf)));
  return section("What went wrong", table([{ name: "Jobs", n: true }, { name: "Kind" }, { name: "Example" }, { name: "How to fix it" }, { name: "Where" }], rows, { id: "clusters" }), data.more_clusters ? h("p", { class: "soft" }, `${whole(data.more_clusters)} more kinds are left out.`) : null);
}

function cascade() {
  if (!staged) return null;
  const rows = data.stages.map((one) => [whole(one.stage), `${one.metric.replaceAll("_", " ")} of at least ${(/return|drawdown/.test(one.metric) ? percent : number)(one.at_least)}`, whole(one.asked), whole(one.passed), percent(one.passed / one.asked, 0)]);
  return section("Stages", table([{ name: "Stage", n: true }, { name: "Threshold" }, { name: "Jobs", n: true }, { name: "Passed", n: true }, { name: "Share", n: true }], rows, { id: "stages" }), h("p", { class: "soft" }, "Jobs stopped at a stage are not ranked, and their figures are those of that stage. Each stage counts as a trial."));
}

function times() {
  const rows = data.usage.map((one) => [one.name, ...["median", "high", "most"].map((name) => one.unit === "s" ? seconds(one[name]) : one.unit ? `${number(one[name], 1)} ${one.unit}` : whole(one[name]))]);
  return rows.length ? section("Time and resources", table([{ name: "" }, { name: "Median", n: true }, { name: "90th percentile", n: true }, { name: "Maximum", n: true }], rows, { id: "usage" })) : null;
}

function selfReported() {
  if (!data.self_reported.length) return null;
  return section("Self-reported, unchecked", h("div", { class: "unchecked" }, h("p", { class: "soft" }, "These programs returned no positions. Their own figures are shown unchecked and are not ranked."), table([{ name: "Job" }, { name: "Says" }], data.self_reported.map((one) => [foreign(one.name), foreign(one.says)]), { id: "self-reported" })));
}

function summary() {
  const found = data.summary, best = data.rows.find((row) => at(row, "rank") === 1);
  return h("div", { class: "tiles" },
    tile("Jobs", whole(data.rows.length), `${whole(scored.length)} scored`),
    tile("Trials counted", whole(found.trials.count), `${whole(found.trials.earlier)} from other batches or stages, ${whole(found.trials.flat)} without a Sharpe ratio; ${whole(found.trials.failed)} that did not succeed are not counted`),
    tile("Independent trials", whole(found.effective), "of this batch, by clustering"),
    tile("Luck alone reaches", number(found.noise), "annual Sharpe ratio", "luck-text"),
    best ? tile("Sharpe ratio of rank 1", number(at(best, "sharpe")), title(best)) : null,
    best ? tile("Not luck", probability(at(best, "beyond")), "probability that the best is more than luck and the market", at(best, "beyond") >= 0.95 ? "good" : "") : null,
    found.market && known(found.market.sharpe) ? tile("Buy and hold", number(found.market.sharpe), "annual Sharpe ratio") : null,
    found.overfitting ? tile("Overfitting", probability(found.overfitting.probability), `probability, over ${whole(found.overfitting.splits)} splits`) : null,
    known(found.minimum_years) ? tile("Data needed", `${number(found.minimum_years, 1)} years`, "with less, luck alone reaches a Sharpe ratio of 1") : null);
}

document.body.append(
  h("header", {}, h("div", {}, h("h1", {}, foreign(data.batch.name)), h("p", { class: "soft" }, data.batch.about)), themeButton()),
  h("div", { class: `banner${data.summary.significant ? " good" : ""}`, id: "verdict" }, data.summary.verdict),
  summary(), outcomes(), cascade() || "", charts() || "", section("Leaderboard", h("p", { class: "soft" }, "Computed from returned positions, on prices that the programs cannot change."), leaderboard()), failures() || "", times() || "", selfReported() || "",
  h("footer", {}, data.conventions.map((one) => h("p", {}, one))));
