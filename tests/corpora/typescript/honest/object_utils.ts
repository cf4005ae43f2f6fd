interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const o = Object.freeze({ a: 1 }); console.log(Object.keys(o), Object.entries(o), Object.assign({}, o), Object.fromEntries([["x", 1]]));
