interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const result = { sharpe: 1.2, trades: [1, 2] }; console.table([result]); console.log(JSON.stringify(result));
