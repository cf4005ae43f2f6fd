interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const a = [1, 2, 3]; let t = 0; for (let i = 0; i < a.length; i++) t += a[i]; const o = { k: 1 }; for (const k in o) t += o[k]; console.log(t);
