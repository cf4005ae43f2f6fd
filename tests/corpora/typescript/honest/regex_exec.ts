interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
const re = /(\d+)d/; const m = re.exec("20d"); console.log(m[1], "20d".match(re), re.test("x"));
