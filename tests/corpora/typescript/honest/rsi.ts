interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
function rsi(c, n = 14) { let g = 0, l = 0; for (let i = 1; i <= n; i++) { const d = c[i] - c[i - 1]; if (d > 0) g += d; else l -= d; } return 100 - 100 / (1 + g / (l || 1e-9)); } console.log(rsi(Array.from({ length: 20 }, (_, i) => i)));
