interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const t = [{ pnl: 2 }, { pnl: 1 }].sort((a, b) => a.pnl - b.pnl); console.log(t.map(x => x.pnl).join(","));
