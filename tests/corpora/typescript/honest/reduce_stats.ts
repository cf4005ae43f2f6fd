interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const r = [0.1, -0.2, 0.3]; const m = r.reduce((a, b) => a + b) / r.length; const sd = Math.sqrt(r.reduce((a, b) => a + (b - m) ** 2, 0) / r.length); console.log((m / sd * Math.sqrt(252)).toFixed(2));
