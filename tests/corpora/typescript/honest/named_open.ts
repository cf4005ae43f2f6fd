interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
function candle({ open, close, process: p = 1 }) { const self = { open, close }; return self.close - self.open + p; } console.log(candle({ open: 1, close: 2 }));
