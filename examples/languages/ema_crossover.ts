import { deviation, mean } from "d3-array";

interface Settings {
  fast: number;
  slow: number;
  costBps: number;
}

const settings: Settings = {
  fast: params.fast ?? 12,
  slow: params.slow ?? 26,
  costBps: params.cost_bps ?? 5,
};

function ema(values: number[], span: number): number[] {
  const alpha = 2 / (span + 1);
  let level = values[0];
  return values.map((value) => (level += alpha * (value - level)));
}

function positions(close: number[], { fast, slow }: Settings): number[] {
  const quick = ema(close, fast);
  const calm = ema(close, slow);
  return close.map((_, day) => (day >= slow && quick[day] > calm[day] ? 1 : 0));
}

const close = data.sp500.column("Close");
const position = positions(close, settings);
const pnl = close.map((price, day) => {
  if (day === 0) return 0;
  const turnover = Math.abs(position[day] - position[day - 1]);
  return position[day - 1] * (price / close[day - 1] - 1) - (settings.costBps / 1e4) * turnover;
});
const sharpe: number = (mean(pnl) / deviation(pnl)) * Math.sqrt(252);

console.log(`EMA(${settings.fast},${settings.slow}) over ${close.length} days: Sharpe ${sharpe.toFixed(2)}`);
emit("sharpe", sharpe);
emit("trades", position.filter((held, day) => day > 0 && held !== position[day - 1]).length);
