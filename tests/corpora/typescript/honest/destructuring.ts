interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const { open, high = 3, ...rest } = { open: 1, low: 2 }; const [x, , y] = [1, 2, 3]; console.log(open, high, rest, x, y);
