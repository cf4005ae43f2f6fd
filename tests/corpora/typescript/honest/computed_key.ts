interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const n = 20; const row = { ["sma_" + n]: 1 }; console.log(row["sma_" + n], row[`sma_${n}`]);
