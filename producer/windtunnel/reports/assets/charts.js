/* Plots drawn to the width they get. Each takes plain numbers and returns an element. */
const MARGIN = { left: 58, right: 14, top: 10, bottom: 26 };

function plot(draw, height = 240) {
  const holder = h("div", { class: "plot" });
  let width = 0;
  const redraw = () => { if (width) holder.replaceChildren(draw(width, height)); };
  new ResizeObserver(([entry]) => {
    const found = Math.round(entry.contentRect.width);
    if (found !== width) { width = found; redraw(); }
  }).observe(holder);
  window.addEventListener("themechange", redraw);
  holder.redraw = redraw;
  return holder;
}

function ticks(low, high, count = 5) {
  if (!(high > low)) return [low];
  const rough = (high - low) / count, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step * 1e-9 && found.length < 100; value += step) found.push(Math.abs(value) < step * 1e-9 ? 0 : value);
  return found;
}

/* Texts of ticks with the digits that their step needs; `text` takes a value and digits. */
function labelled(found, text) {
  const unit = text(2, 0).endsWith("%") ? 100 : 1, step = found.length > 1 ? (found[1] - found[0]) * unit : 1;
  let digits = 0;
  while (digits < 8 && Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6 * Math.max(1, step)) digits += 1;
  return (value) => text(value, digits);
}

const scale = (low, high, from, to) => (value) => from + (high > low ? (value - low) / (high - low) : 0.5) * (to - from);

function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) if (known(value)) { if (value < low) low = value; if (value > high) high = value; }
  return low > high ? [0, 1] : [low, high];
}

function frame(width, height, x, y, xTicks, yTicks, xText, yText, label) {
  const picture = s("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
  for (const value of yTicks) picture.append(s("line", { class: "axis", x1: MARGIN.left, x2: width - MARGIN.right, y1: y(value), y2: y(value) }), s("text", { x: MARGIN.left - 6, y: y(value) + 4, "text-anchor": "end" }, yText(value)));
  for (const value of xTicks) picture.append(s("text", { x: x(value), y: height - 8, "text-anchor": "middle" }, xText(value)));
  return picture;
}

/* Lines over time: series are {name, style, values, area}. Bars stand side by side; with `spaced`, as far apart as their times. */
function lineChart(times, series, text, label, height, xText = times.at(-1) - times[0] < 10 * 86400 ? minute : day, spaced = false) {
  return plot((width, tall) => {
    const [low, high] = extent(series.flatMap((one) => one.values));
    const [first, last] = spaced ? extent(times) : [0, times.length - 1], across = scale(first, last, MARGIN.left, width - MARGIN.right);
    const x = (place) => across(spaced ? times[place] : place);
    const nearest = (value) => spaced ? times.reduce((best, one, place) => Math.abs(one - value) < Math.abs(times[best] - value) ? place : best, 0) : Math.round(value);
    const y = scale(low, high, tall - MARGIN.bottom, MARGIN.top), yTicks = ticks(low, high, 4);
    const marks = [...new Set(ticks(first, last, Math.max(2, Math.floor(width / 130))).map(nearest))].filter((one, place, all) => x(one) < width - 45 && !(place && x(one) - x(all[place - 1]) < 60));
    const picture = frame(width, tall, x, y, marks, yTicks, (one) => xText(times[one]), labelled(yTicks, text), label);
    for (const one of series) {
      const line = one.values.map((value, place) => `${place ? (one.step ? `H${x(place).toFixed(1)}L` : "L") : "M"}${x(place).toFixed(1)} ${y(value).toFixed(1)}`).join("");
      const base = y(Math.min(Math.max(0, low), high)).toFixed(1);
      picture.append(s("path", { class: one.style, d: one.area ? `${line}L${x(times.length - 1).toFixed(1)} ${base}L${x(0)} ${base}Z` : line }));
    }
    const cursor = s("line", { class: "axis", y1: MARGIN.top, y2: tall - MARGIN.bottom, visibility: "hidden" });
    const tip = h("div", { class: "tip", hidden: "" });
    const holder = h("div", {}, picture, tip);
    picture.append(cursor);
    picture.addEventListener("pointermove", (event) => {
      const place = nearest(first + (event.offsetX - MARGIN.left) / (width - MARGIN.left - MARGIN.right) * (last - first));
      if (!(place >= 0 && place < times.length)) return;
      cursor.setAttribute("x1", x(place)); cursor.setAttribute("x2", x(place)); cursor.setAttribute("visibility", "visible");
      tip.textContent = `${xText(times[place])}  ${series.map((one) => `${one.name} ${text(one.values[place])}`).join(", ")}`;
      tip.hidden = false;
      tip.style.top = "4px";
      tip.style.left = `${Math.max(0, Math.min(x(place) + 8, width - 260))}px`;
    });
    picture.addEventListener("pointerleave", () => { tip.hidden = true; cursor.setAttribute("visibility", "hidden"); });
    return holder;
  }, height);
}

/* How often each value occurs, with marked levels {at, text, style}. */
function histogram(values, given, label) {
  const levels = given.filter((one) => known(one.at));
  return plot((width, tall) => {
    const [least, most] = extent([...values, ...levels.map((one) => one.at)]);
    const steps = ticks(least, most, Math.min(40, Math.max(8, Math.floor(width / 18))));
    const step = steps.length > 1 ? steps[1] - steps[0] : 1;
    const low = Math.floor(least / step) * step, bins = new Array(Math.max(1, Math.floor((most - low) / step) + 1)).fill(0);
    for (const value of values) bins[Math.min(bins.length - 1, Math.max(0, Math.floor((value - low) / step)))] += 1;
    const high = low + bins.length * step, top = Math.max(...bins, 1);
    const x = scale(low, high, MARGIN.left, width - MARGIN.right), y = scale(0, top, tall - MARGIN.bottom, MARGIN.top + 14 * Math.max(1, levels.length));
    const xTicks = ticks(low, high, Math.floor(width / 80)), yTicks = ticks(0, top, 4).filter(Number.isInteger);
    const picture = frame(width, tall, x, y, xTicks, yTicks, labelled(xTicks, number), whole, label);
    bins.forEach((count, place) => {
      const from = low + place * step;
      if (count) picture.append(s("rect", { class: "bar", x: x(from) + 0.5, width: Math.max(1, x(from + step) - x(from) - 1), y: y(count), height: y(0) - y(count) }, s("title", {}, `${number(from)} to ${number(from + step)}: ${whole(count)}`)));
    });
    levels.forEach((one) => picture.append(s("line", { class: one.style, x1: x(one.at), x2: x(one.at), y1: MARGIN.top, y2: tall - MARGIN.bottom })));
    levels.forEach((one, place) => {
      const late = x(one.at) > width * 0.6;
      picture.append(s("text", { class: `${one.style}-label`, x: x(one.at) + (late ? -6 : 6), y: MARGIN.top + 8 + place * 14, "text-anchor": late ? "end" : "start" }, one.text));
    });
    return picture;
  });
}

/* Thousands of points on a canvas; `points` are {x, y, colour, text, row}. */
function scatter(points, xText, yText, label, pick) {
  return plot((width, tall) => {
    const [left, right] = extent(points.map((one) => one.x)), [low, high] = extent(points.map((one) => one.y));
    const x = scale(left, right, MARGIN.left + 4, width - MARGIN.right - 4), y = scale(low, high, tall - MARGIN.bottom - 4, MARGIN.top + 4);
    const xTicks = ticks(left, right, Math.floor(width / 90)), yTicks = ticks(low, high, 5);
    const picture = frame(width, tall, x, y, xTicks, yTicks, labelled(xTicks, xText), labelled(yTicks, yText), label);
    const ratio = window.devicePixelRatio || 1, canvas = h("canvas", { width: width * ratio, height: tall * ratio });
    Object.assign(canvas.style, { width: `${width}px`, height: `${tall}px`, position: "absolute", inset: "0" });
    const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    pen.scale(ratio, ratio);
    pen.globalAlpha = points.length > 2000 ? 0.45 : 0.75;
    for (const one of points) {
      pen.fillStyle = style.getPropertyValue(one.colour);
      pen.beginPath(); pen.arc(x(one.x), y(one.y), points.length > 2000 ? 2 : 3.2, 0, 7); pen.fill();
    }
    const tip = h("div", { class: "tip", hidden: "" });
    const nearest = (event) => {
      let best = null, least = 144;
      for (const one of points) {
        const apart = (x(one.x) - event.offsetX) ** 2 + (y(one.y) - event.offsetY) ** 2;
        if (apart < least) { best = one; least = apart; }
      }
      return best;
    };
    canvas.addEventListener("pointermove", (event) => {
      const found = nearest(event);
      tip.hidden = !found;
      canvas.style.cursor = found ? "pointer" : "default";
      if (!found) return;
      tip.textContent = visible(found.text);
      tip.style.left = `${Math.min(x(found.x) + 10, width - 200)}px`;
      tip.style.top = `${Math.max(0, y(found.y) - 30)}px`;
    });
    canvas.addEventListener("pointerleave", () => { tip.hidden = true; });
    canvas.addEventListener("click", (event) => { const found = nearest(event); if (found) pick(found.row); });
    return h("div", {}, picture, canvas, tip);
  }, 300);
}

/* A small curve from characters: 64 levels, as the report's writer put them. */
const LEVELS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
function sparkline(text, up) {
  if (!text) return null;
  const path = [...text].map((char, place) => `${place ? "L" : "M"}${(place * 110 / Math.max(1, text.length - 1)).toFixed(1)} ${(22 - LEVELS.indexOf(char) / 63 * 20).toFixed(1)}`).join("");
  const picture = s("svg", { width: 110, height: 24, viewBox: "0 0 110 24", "aria-hidden": "true" }, s("path", { d: path, fill: "none", "stroke-width": 1.3 }));
  picture.firstChild.style.stroke = up ? "var(--good)" : "var(--bad)";
  return picture;
}

/* A colour from red over neutral to green, as strong as the value. */
const tint = (value, most) => `color-mix(in srgb, var(${value < 0 ? "--bad" : "--good"}) ${Math.round(Math.min(1, Math.abs(value) / (most || 1)) * 50)}%, transparent)`;

/* Values by two keys. `cell` gives {value, text, title} or nothing; a `plain` one is not compared with the others. */
function heatTable(columns, rows, cell, corner) {
  const found = rows.map((row) => columns.map((column) => cell(row, column)));
  const most = Math.max(...found.flat().filter((one) => one && !one.plain).map((one) => Math.abs(one.value)), 0);
  const cells = found.map((line) => line.map((one) => {
    const box = h("td", { class: "n", title: one && one.title }, one ? one.text : "");
    if (one && one.plain) box.classList.add("total", sign(one.value) || "flat");
    else if (one) box.style.background = tint(one.value, most);
    return box;
  }));
  return table([{ name: corner }, ...columns.map((column) => ({ name: brief(column), n: true }))], rows.map((row, place) => [h("b", {}, brief(row)), ...cells[place]]), { class: "months" });
}
