interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const sma = (x, n) => x.slice(n - 1).map((_, i) => x.slice(i, i + n).reduce((a, b) => a + b, 0) / n); console.log(sma([1, 2, 3, 4], 2));
