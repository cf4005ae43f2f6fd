interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const p = { a: { b: 1 } }; console.log(p?.a?.b ?? 0, p.c?.d);
