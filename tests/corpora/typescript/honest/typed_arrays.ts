interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const f = new Float64Array(10).fill(1); console.log(f.reduce((a, b) => a + b), new Uint8Array(2).length);
