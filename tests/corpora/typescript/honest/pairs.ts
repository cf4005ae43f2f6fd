interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const a = [1, 2, 3], b = [2, 4, 7]; const spread = a.map((v, i) => v - 0.5 * b[i]); const z = spread.map(v => (v - spread[0]) / 0.1); console.log(z);
