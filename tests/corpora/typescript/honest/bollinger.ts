interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const x = [1, 2, 3, 4, 5]; const n = 3; const out = []; for (let i = n; i <= x.length; i++) { const w = x.slice(i - n, i); const m = w.reduce((a, b) => a + b) / n; const s = Math.sqrt(w.map(v => (v - m) ** 2).reduce((a, b) => a + b) / n); out.push([m - 2 * s, m, m + 2 * s]); } console.log(out);
