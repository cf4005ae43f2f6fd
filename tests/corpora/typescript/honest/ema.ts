interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
function ema(x, n) { const k = 2 / (n + 1); let e = x[0]; return x.map(v => (e = v * k + e * (1 - k))); } console.log(ema([1, 2, 3], 2));
