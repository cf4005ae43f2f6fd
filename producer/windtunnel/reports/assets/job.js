const score = data.score;
const bar = (place) => `bar ${whole(Math.round(place))}`;
const inTime = data.timed ? [] : [bar];

function figures(own, other, why) {
  const lines = [["Total return", "total_return", percent], ["Annual return", "annual_return", percent], ["Volatility", "volatility", percent], ["Sharpe ratio", "sharpe", number], ["Sortino ratio", "sortino", number], ["Calmar ratio", "calmar", number], ["Maximum drawdown", "max_drawdown", percent], ["Drawdown length (bars)", "max_drawdown_bars", whole]];
  return table([{ name: "" }, { name: "Strategy", n: true }, { name: "Buy and hold", n: true }, { name: "" }], lines.map(([name, key, text]) => [name, text(own[key]), text(other[key]), h("small", { class: "soft" }, why[key] || "")]), { id: "figures" });
}

function lookAhead() {
  const { sight, message } = data.look_ahead, style = { clean: " good", leaks: " bad", not_reproducible: " bad" }[sight] || "";
  return h("div", { class: `banner${style}`, id: "look-ahead" }, `Look-ahead check: ${sight.replaceAll("_", " ")}. `, foreign(message));
}

function promotionParts() {
  const found = data.promotion;
  return [
    section("On held-out bars", figures(found.metrics, found.benchmark, {}), h("p", { class: "soft" }, `${counted(found.bars, "bar")} from ${found.first.slice(0, 10)} on, rounded. ${found.convention} ${found.costs} ${known(found.probabilistic_sharpe) ? `Probability that the true Sharpe ratio is above 0: ${percent(found.probabilistic_sharpe, 0)}. ` : ""}Programs promoted on these bars so far: ${whole(found.programs)}; the more, the less the best one means.`))];
}

function scoreParts() {
  const curve = score.curve, held = score.trading, pct = (value, digits = 1) => percent(value - 1, digits);
  const years = [...new Set(Object.keys(score.months).map((month) => month.slice(0, 4)))];
  const names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const of = (year) => names.map((_, place) => score.months[`${year}-${String(place + 1).padStart(2, "0")}`]);
  const total = (year) => of(year).filter(known).reduce((product, one) => product * (1 + one), 1) - 1;
  const month = (year, which) => { const value = which === "Year" ? total(year) : of(year)[names.indexOf(which)]; return known(value) ? { value, text: percent(value), plain: which === "Year" } : null; };
  const open = Object.entries(held.open_positions).map(([name, size]) => `${name} ${number(size)}`).join(", ");
  return [
    h("div", { class: "tiles" },
      tile("Total return", percent(score.metrics.total_return), `from ${whole(score.capital)} to ${number(score.final_equity)}`, sign(score.metrics.total_return)),
      tile("Sharpe ratio", number(score.metrics.sharpe), score.undefined.sharpe || "annual"),
      tile("Probabilistic Sharpe", probability(score.probabilistic_sharpe), "above 0, as if it were the only trial"),
      tile("Track record needed", known(score.track_record_years) ? `${number(score.track_record_years, 1)} years` : NONE, "to say so at 95 %"),
      tile("Maximum drawdown", percent(score.metrics.max_drawdown), counted(score.metrics.max_drawdown_bars, "bar"), sign(score.metrics.max_drawdown)),
      tile("Trades", whole(held.trades), `${percent(held.hit_rate)} gained`),
      tile("Annual turnover", number(held.turnover_a_year, 1), "times equity"),
      tile("Exposure", percent(held.exposure), open ? `open at the end: ${open}` : "nothing open at the end")),
    section("Equity", h("figure", { id: "equity" }, lineChart(curve.times, [{ name: "buy and hold", style: "other", values: curve.benchmark }, { name: "strategy", style: "own", values: curve.equity }], pct, "Equity against buy and hold", 280, ...inTime), h("figcaption", {}, "Solid: the strategy. Dashed: buy and hold.")), h("figure", { id: "drawdown" }, h("h3", {}, "Drawdown"), lineChart(curve.times, [{ name: "drawdown", style: "fall", values: curve.drawdown, area: true }], percent, "Drawdown", 150, ...inTime)), held.spark.length > 1 ? h("figure", { id: "positions" }, h("h3", {}, "Sum of positions"), lineChart(data.spark_times, [{ name: "position", style: "own", values: held.spark, step: true }], number, "Positions", 130, ...inTime)) : null),
    section("Figures", figures(score.metrics, score.benchmark, score.undefined), known(score.market_correlation) ? h("p", { class: "soft" }, `Correlation of its returns with those of buy and hold: ${number(score.market_correlation)}.`) : null),
    section("Costs", table([{ name: "" }, { name: "Total return", n: true }, { name: "Sharpe ratio", n: true }], score.stress.map((one) => [one.label, percent(one.total_return), number(one.sharpe)]), { id: "stress" }), h("p", { class: "soft" }, `${score.convention} ${score.costs}`)),
    years.length ? section("Monthly returns", h("div", { id: "months" }, heatTable([...names, "Year"], years, month, ""))) : null];
}

function program() {
  const issues = data.issues;
  if (!data.code) return issues.length ? section("Validation", table([{ name: "Line", n: true }, { name: "Level" }, { name: "Rule" }, { name: "What" }, { name: "How to fix it" }], issues.map((one) => [whole(one.line), one.severity, foreign(one.rule), foreign(one.message), foreign(one.fix)]))) : null;
  const lines = data.code.split("\n").flatMap((text, place) => {
    const found = issues.filter((one) => one.line === place + 1);
    return [h("div", { class: found.length || data.error_line === place + 1 ? "found" : null }, h("span", {}, String(place + 1)), h("span", { class: "foreign" }, text)), ...found.map((one) => h("div", { class: "note" }, h("b", {}, `${one.severity} ${one.rule}: `), foreign(one.message), one.fix ? [" ", foreign(one.fix)] : null))];
  });
  return section("Program", h("div", { class: "code", id: "code" }, lines));
}

function timeline() {
  if (data.samples.length < 2) return null;
  const at = data.samples.map((one) => one.elapsed_s), show = (name, text, style) => lineChart(at, [{ name, style, values: data.samples.map((one) => one[name]) }], text, name, 130, seconds, true);
  return section("Resources over time", h("figure", { id: "timeline" }, h("h3", {}, "Memory"), show("memory_mb", (value, digits = 0) => `${number(value, digits)} MB`, "own"), h("h3", {}, "Processor, of one core"), show("cpu_percent", (value, digits = 0) => `${number(value, digits)}%`, "own")));
}

const output = (title, text) => text ? [h("h3", {}, title), h("pre", { class: "foreign" }, text)] : null;

function said() {
  const parts = [data.values.length ? table([{ name: "Emitted" }, { name: "" }], data.values.map(([name, value]) => [foreign(name), h("code", {}, value)]), { id: "values" }) : null, output("stdout", data.stdout), output("stderr", data.stderr)].filter(Boolean);
  return parts.length ? section("What the program said, unchecked", h("div", { class: "unchecked" }, parts)) : null;
}

/* The last part of a name is what a browser saves it as; the content is never opened here. */
function left() {
  const link = (one) => one.source ? h("a", { href: one.source, download: one.name.split("/").pop() }, foreign(one.name)) : foreign(one.name);
  return data.files.length ? section("Files that the program left", table([{ name: "File" }, { name: "Bytes", n: true }, { name: "" }], data.files.map((one) => [link(one), one.size, foreign(one.note)]), { id: "files" })) : null;
}

document.body.append(
  h("header", {}, h("div", {}, h("h1", {}, foreign(data.name)), h("p", { class: "soft" }, data.about)), themeButton()),
  ...[
    data.message ? h("div", { class: `banner${data.stopped ? "" : data.outcome === "succeeded" ? " good" : " bad"}` }, foreign(data.message)) : null,
    data.look_ahead ? lookAhead() : null,
    score ? scoreParts() : data.unscored ? h("p", { class: "soft" }, data.unscored) : null,
    data.promotion ? promotionParts() : null,
    data.error ? section(data.error_title, h("pre", { class: "foreign" }, data.error)) : null,
    program(),
    data.pictures.length ? section("Pictures that the program left", h("div", { class: "grid" }, data.pictures.map((one) => h("figure", {}, h("img", { src: one.source, alt: "" }), h("figcaption", {}, foreign(one.name)))))) : null,
    left(),
    said(),
    section("Run", h("dl", { class: "facts" }, data.facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", { class: "foreign" }, value)]))),
    timeline(),
    data.attempts.length ? section("Attempts", table([{ name: "#", n: true }, { name: "Outcome" }, { name: "Host" }, { name: "Took", n: true }, { name: "" }], data.attempts.map((one) => [whole(one.number), one.outcome, foreign(one.host), seconds(one.duration_s), foreign(one.message)]), { id: "attempts" })) : null,
    data.findings.length ? section("Findings in the data", table([{ name: "Dataset" }, { name: "Finding" }], data.findings.map((one) => [foreign(one.dataset), foreign(one.message)]), { id: "findings" })) : null,
  ].flat().filter(Boolean));
