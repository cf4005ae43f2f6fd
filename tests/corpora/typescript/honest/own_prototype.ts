interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
function Strategy(n) { this.n = n; } Strategy.prototype.run = function () { return this.n; }; console.log(new Strategy(3).run());
