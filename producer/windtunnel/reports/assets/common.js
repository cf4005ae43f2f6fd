"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const NONE = "–";

/* Control characters, and those that reorder or hide text, are shown by their number. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0e\ufeff\uffa0\ufff0-\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]|\udb40[\udc00-\udfff]/g;
const visible = (text) => String(text).replace(HIDDEN, (char) => `⟨U+${char.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`);

/* Builds an element; texts become text nodes and are never parsed. */
function make(space, tag, attributes, children) {
  const element = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, name === "title" ? visible(value) : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined) continue;
    element.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
  return element;
}
const h = (tag, attributes, ...children) => make(null, tag, attributes, children);
const s = (tag, attributes, ...children) => make("http://www.w3.org/2000/svg", tag, attributes, children);
const foreign = (text) => h("span", { class: "foreign" }, text);
const section = (title, ...children) => h("section", {}, h("h2", {}, title), ...children);
const tile = (label, value, note, style) => h("div", { class: "tile" }, h("small", {}, label), h("b", { class: style }, value), note ? h("small", {}, note) : null);

const known = (value) => value !== null && value !== undefined;
const number = (value, digits = 2) => known(value) ? value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits, signDisplay: "negative" }) : NONE;
const whole = (value) => known(value) ? value.toLocaleString("en") : NONE;
function percent(value, digits = 1) {
  if (!known(value)) return NONE;
  return Math.abs(value) >= 1000 ? `${(value * 100).toExponential(1)}%` : `${number(value * 100, digits)}%`;
}
const probability = (value) => !known(value) ? NONE : value > 0.9995 ? ">99.9%" : value < 0.0005 ? "<0.1%" : percent(value);
const seconds = (value) => !known(value) ? NONE : value < 0.1 ? `${number(value * 1000, 1)} ms` : value < 120 ? `${number(value, 2)} s` : `${number(value / 60, 1)} min`;
const counted = (value, word) => known(value) ? `${whole(value)} ${word}${value === 1 ? "" : "s"}` : NONE;
const day = (time) => new Date(time * 1000).toISOString().slice(0, 10);
const minute = (time) => new Date(time * 1000).toISOString().slice(5, 16).replace("T", " ");
/* A parameter exactly, and with as many digits as tell it from others. */
const plain = (value) => typeof value === "string" ? value : JSON.stringify(value ?? null);
const brief = (value) => typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(6))) : plain(value);
const sign = (value) => !known(value) || value === 0 ? "" : value > 0 ? "good" : "bad";
const OUTCOME_COLOURS = { succeeded: "var(--good)", rejected: "var(--warn)", failed: "var(--bad)", cancelled: "var(--soft)" };
const outcomeColour = (outcome) => OUTCOME_COLOURS[outcome] || "var(--luck)";

function table(head, rows, attributes) {
  const cells = (kind, row) => row.map((cell, place) => cell instanceof Node && cell.nodeName === "TD" ? cell : h(kind, { class: head[place].n ? "n" : null }, cell));
  return h("div", { class: "scroll" }, h("table", attributes || {}, h("thead", {}, h("tr", {}, cells("th", head.map((column) => column.name)))), h("tbody", {}, rows.map((row) => h("tr", {}, cells("td", row))))));
}

/* Light or dark: as the system says, until the reader chooses. */
function themeButton() {
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  const button = h("button", { class: "plain", id: "theme", onclick: () => { chosen = current() === "dark" ? "light" : "dark"; apply(); } });
  const current = () => chosen || (system.matches ? "dark" : "light");
  function apply() {
    document.documentElement.dataset.theme = current();
    button.textContent = current() === "dark" ? "Light" : "Dark";
    window.dispatchEvent(new Event("themechange"));
  }
  system.addEventListener("change", apply);
  apply();
  return button;
}
