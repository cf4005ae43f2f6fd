interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const n = 1_000_000; console.log(n.toLocaleString("en"), Number.isFinite(n), parseFloat("1.5"), (0.1 + 0.2).toPrecision(3), 10n ** 3n);
