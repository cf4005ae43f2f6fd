interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const queue = []; queue.push({ type: "bar", close: 1 }); while (queue.length > 0) { const e = queue.shift(); if (e.type === "bar") console.log(e.close); }
