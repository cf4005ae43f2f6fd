interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const m = new Map([["a", 1]]); const s = new Set([1, 2]); for (const [k, v] of m) console.log(k, v, s.has(1)); console.log([...m.entries()]);
