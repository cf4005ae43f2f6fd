interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const act = s => { switch (s) { case "buy": return 1; case "sell": return -1; default: return 0; } }; console.log(act("buy"));
