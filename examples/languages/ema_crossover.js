const fast = params.fast ?? 12, slow = params.slow ?? 26, cost = (params.cost_bps ?? 5) / 1e4;

function ema(values, span) {
  const alpha = 2 / (span + 1);
  let level = values[0];
  return values.map((value) => (level += alpha * (value - level)));
}

const { mean, deviation } = require("d3-array");

const close = data.sp500.column("Close");
const quick = ema(close, fast), calm = ema(close, slow);
const position = close.map((_, day) => (day >= slow && quick[day] > calm[day] ? 1 : 0));
const pnl = close.map((price, day) => {
  if (day === 0) return 0;
  const market = price / close[day - 1] - 1;
  return position[day - 1] * market - cost * Math.abs(position[day] - position[day - 1]);
});
const sharpe = (mean(pnl) / deviation(pnl)) * Math.sqrt(252);

console.log(`EMA(${fast},${slow}) over ${close.length} days: Sharpe ${sharpe.toFixed(2)}`);
emit({ sharpe, trades: position.filter((held, day) => day > 0 && held !== position[day - 1]).length });
