// What a JavaScript or TypeScript strategy sees: `data`, `params`, `seed` and `emit`.
"use strict";
const fs = require("fs");

const settings = (name) => JSON.parse(fs.readFileSync(process.env[name], "utf8"));

function cells(line) {
  if (!line.includes('"')) return line.split(",");
  const found = [];
  for (const [, quoted, plain] of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) {
    found.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
  }
  return found;
}

// A dataset: `index` holds the first column as text, `column(name)` any other as numbers.
class Table {
  constructor(name, path) {
    if (!path.endsWith(".csv")) throw new Error(`${name} is a Parquet file, which only Python reads; add it as CSV`);
    const [header, ...rows] = fs.readFileSync(path, "utf8").split(/\r?\n/).filter(Boolean).map(cells);
    this.name = name;
    this.columns = header.slice(1);
    this.index = rows.map((row) => row[0]);
    this.length = rows.length;
    this.texts = new Map(this.columns.map((column, at) => [column, rows.map((row) => row[at + 1] ?? "")]));
    this.numbers = new Map();
  }

  text(column) {
    const found = this.texts.get(column);
    if (!found) throw new RangeError(`${this.name} has no column ${column}; it has ${this.columns.join(", ")}`);
    return found;
  }

  column(column) {
    if (!this.numbers.has(column)) {
      this.numbers.set(column, this.text(column).map((cell) => (cell.trim() === "" ? NaN : Number(cell))));
    }
    return this.numbers.get(column);
  }
}

const paths = settings("WINDTUNNEL_DATASETS");
const tables = {};
for (const name of Object.keys(paths)) {
  let table;
  Object.defineProperty(tables, name, { enumerable: true, get: () => (table ??= new Table(name, paths[name])) });
}
const data = new Proxy(tables, {
  get(target, name) {
    if (typeof name === "symbol" || name in target) return target[name];
    const names = Object.keys(paths).join(", ") || "none; name them in the job's `datasets`";
    throw new RangeError(`${name} is not among this job's datasets: ${names}`);
  },
});

// emit("sharpe", 1.2) or emit({ sharpe: 1.2, trades: 7 })
function emit(name, value) {
  const values = typeof name === "string" ? { [name]: value === undefined ? null : value } : name;
  const plain = (_, item) => (typeof item === "bigint" ? Number(item) : ArrayBuffer.isView(item) ? [...item] : item);
  const line = Buffer.from(`V${JSON.stringify(values, plain)}\n`);
  for (let sent = 0; sent < line.length; ) sent += fs.writeSync(Number(process.env.WINDTUNNEL_EMIT_FD), line, sent);
}

module.exports = { data, emit, params: settings("WINDTUNNEL_PARAMS"), seed: Number(process.env.WINDTUNNEL_SEED) };
