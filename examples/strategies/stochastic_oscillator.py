# Stochastic oscillator: %K crosses above %D in the oversold zone -> buy,
# %K crosses below %D in the overbought zone -> sell.
import math

frame = data["sp500"]
k_period = params.get("k_period", 14)
d_period = params.get("d_period", 3)
oversold = params.get("oversold", 20)
overbought = params.get("overbought", 80)
cost_bps = params.get("cost_bps", 5)

lowest = frame["Low"].rolling(k_period).min()
highest = frame["High"].rolling(k_period).max()
k = 100 * (frame["Close"] - lowest) / (highest - lowest)
d = k.rolling(d_period).mean()

cross_up = (k > d) & (k.shift(1) <= d.shift(1)) & (d < oversold)
cross_down = (k < d) & (k.shift(1) >= d.shift(1)) & (d > overbought)

holding = 0
cash_return = []
trades = 0
previous_close = None
pending_cost = 0.0
for close, buy, sell in zip(frame["Close"], cross_up, cross_down):
    day = 0.0
    if previous_close is not None and holding:
        day = close / previous_close - 1
    if buy and not holding:
        holding, trades, pending_cost = 1, trades + 1, cost_bps / 10_000
    elif sell and holding:
        holding, trades, pending_cost = 0, trades + 1, cost_bps / 10_000
    else:
        pending_cost = 0.0
    cash_return.append(day - pending_cost)
    previous_close = close

equity, peak, worst = 1.0, 1.0, 0.0
for r in cash_return:
    equity *= 1 + r
    peak = max(peak, equity)
    worst = min(worst, equity / peak - 1)
mean = sum(cash_return) / len(cash_return)
variance = sum((r - mean) ** 2 for r in cash_return) / (len(cash_return) - 1)
sharpe = mean / math.sqrt(variance) * math.sqrt(252) if variance > 0 else 0.0

print(f"Stochastic {k_period}/{d_period} on the S&P 500: {trades} trades")
print(f"Total return {equity - 1:.1%}, Sharpe {sharpe:.2f}, worst drawdown {worst:.1%}")
emit(
    total_return=equity - 1,
    annual_return=equity ** (252 / len(cash_return)) - 1,
    sharpe=sharpe,
    max_drawdown=worst,
    trades=trades,
)
