export interface Bar { open: number; close: number }
export type Signal = 1 | 0 | -1;
export class Cross {
  constructor(private readonly fast: number, public slow = 20) {}
  run(bars: readonly Bar[]): Signal[] { return bars.map((b): Signal => (b.close > b.open ? 1 : 0)); }
}
export default new Cross(3);
enum Side { Buy = "BUY", Sell = "SELL" }
abstract class Base<T extends Bar> { abstract go(x: T): void }
const s = Side.Buy as string;
console.log(s!, <number>1);
