interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
let best = { s: -Infinity }; for (const fast of [5, 10]) for (const slow of [20, 50]) { const s = slow - fast; if (s > best.s) best = { s, fast, slow }; } console.log(best);
