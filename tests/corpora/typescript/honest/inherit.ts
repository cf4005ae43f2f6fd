interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
class Base { run() { return 1; } } class Child extends Base { constructor() { super(); this.n = 2; } run() { return super.run() + this.n; } } console.log(new Child().run());
