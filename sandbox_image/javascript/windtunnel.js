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

// A value in a form that JSON has. Numbers that it has none for, or would round, are {"$float": text} for the host.
function plain(_, item) {
  if (typeof item === "bigint") return Number.isSafeInteger(Number(item)) ? Number(item) : String(item);
  if (typeof item === "number") {
    const rounded = Number.isInteger(item) && !Number.isSafeInteger(item);
    return rounded || !Number.isFinite(item) ? { $float: String(item) } : item;
  }
  if (item instanceof Map) return Object.fromEntries(item);
  if (item instanceof Set || (ArrayBuffer.isView(item) && !(item instanceof DataView))) return [...item];
  if (typeof item === "function" || typeof item === "symbol" || isOpaque(item)) {
    const kind = typeof item === "object" ? item.constructor?.name ?? "object" : typeof item;
    const await_ = item instanceof Promise ? ", which must be awaited first" : "";
    throw new TypeError(`cannot send a ${kind}${await_}; give numbers, text, arrays or objects`);
  }
  return item;
}

// True of an object of which JSON would have nothing: an error, a promise, a regular expression.
function isOpaque(item) {
  if (typeof item !== "object" || item === null || Array.isArray(item)) return false;
  const kind = Object.getPrototypeOf(item);
  return kind !== Object.prototype && kind !== null && Object.keys(item).length === 0;
}

function member(name, value) {
  try {
    return `${JSON.stringify(name)}:${JSON.stringify(value ?? null, plain)}`;
  } catch (error) {
    error.message = `emit("${name}"): ${error.message}`;
    throw error;
  }
}

// emit("sharpe", 1.2) or emit({ sharpe: 1.2, trades: 7 })
function emit(name, value) {
  const values = typeof name === "string" ? [[name, value]] : Object.entries(name);
  const line = Buffer.from(`V{${values.map((each) => member(...each)).join(",")}}\n`);
  for (let sent = 0; sent < line.length; ) sent += fs.writeSync(Number(process.env.WINDTUNNEL_EMIT_FD), line, sent);
}

module.exports = { data, emit, params: settings("WINDTUNNEL_PARAMS"), seed: Number(process.env.WINDTUNNEL_SEED) };
