import numpy as np
import pandas as pd


def williams_r(high, low, close, period):
    hh = high.rolling(period).max()
    ll = low.rolling(period).min()
    return -100 * (hh - close) / (hh - ll)


def run(df, period=10, buy_level=-90, sell_level=-30, max_days=15, cost_bps=5):
    """Buy deep oversold readings in an up market; leave on recovery or after max_days."""
    wr = williams_r(df["High"], df["Low"], df["Close"], period).to_numpy()
    trend_ok = (df["Close"] > df["Close"].rolling(200).mean()).to_numpy()
    position = np.zeros(len(df))
    days_held = 0
    for i in range(1, len(df)):
        if position[i - 1] == 1:
            days_held += 1
            leave = wr[i] > sell_level or days_held >= max_days
            position[i] = 0 if leave else 1
        elif trend_ok[i] and wr[i] < buy_level:
            position[i] = 1
            days_held = 0
    position = pd.Series(position, index=df.index)
    changes = position.diff().abs().fillna(0)
    net = position.shift(1).fillna(0) * df["Close"].pct_change().fillna(0) - changes * cost_bps / 1e4
    return net, int(changes.sum())


net, trades = run(
    data["sp500"],
    period=params.get("period", 10),
    buy_level=params.get("buy_level", -90),
    sell_level=params.get("sell_level", -30),
    max_days=params.get("max_days", 15),
    cost_bps=params.get("cost_bps", 5),
)
equity = (1 + net).cumprod()
sharpe = np.sqrt(252) * net.mean() / net.std() if net.std() > 0 else 0.0
active = net[net != 0]
print(f"Williams %R: {trades // 2} round trips, {len(active)} active days, {np.mean(active > 0):.0%} of them up")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=float(sharpe),
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=trades,
)
