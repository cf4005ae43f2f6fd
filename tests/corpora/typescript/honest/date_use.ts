interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const d = new Date(2020, 0, 1); d.setDate(d.getDate() + 1); console.log(d.toISOString().slice(0, 10), Date.now() > 0);
