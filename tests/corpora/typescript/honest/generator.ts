interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
function* bars(n) { for (let i = 0; i < n; i++) yield { close: i, open: i - 1 }; } for (const b of bars(3)) console.log(b.close - b.open);
