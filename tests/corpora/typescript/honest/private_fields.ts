interface Bar { open: number; close: number }
type Side = "BUY" | "SELL";
const fee: number = 0.001;
function net(x: number): number { return x - fee; }
class A { #cash = 10; static count = 0; get cash() { return this.#cash; } set cash(v) { this.#cash = v; } } const a = new A(); a.cash = 5; console.log(a.cash);
