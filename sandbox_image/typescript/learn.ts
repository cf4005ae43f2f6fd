// A program of the usual kind: compiling it decides which of the compiler's functions are kept as byte code.
interface Trade {
  readonly day: string;
  profit?: number;
}
type Signal = "long" | "flat";
enum Side { Buy, Sell }

abstract class Rule<T extends number[]> {
  constructor(protected readonly span: number, private costs = 5) {}
  abstract holds(values: T): boolean;
  get cost(): number { return this.costs / 1e4; }
}

class Crossover extends Rule<number[]> {
  override holds(values: number[]): boolean {
    const [first, ...others] = values;
    return others.reduce((sum, value) => sum + value, first) / values.length > this.span;
  }
}

async function run(rule: Crossover, values: number[]): Promise<Map<Signal, Trade[]>> {
  const found = new Map<Signal, Trade[]>();
  for (const [at, value] of values.entries()) {
    const signal: Signal = rule.holds(values.slice(0, at + 1)) ? "long" : "flat";
    found.set(signal, [...(found.get(signal) ?? []), { day: `${at}`, profit: value * rule.cost }]);
  }
  try {
    if (found.size === 0) throw new Error("none");
  } catch (error) {
    const wrong: string = Side.Buy;
    return found;
  }
  return found;
}
run(new Crossover(12), [1, 2]).then((found) => found.get("long")?.map(({ profit }) => profit));
