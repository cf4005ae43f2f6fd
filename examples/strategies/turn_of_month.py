"""Turn-of-the-month effect: hold the last few and the first few trading days of a month."""

import numpy as np
import pandas as pd

days_before = params.get("days_before", 1)
days_after = params.get("days_after", 3)
cost_bps = params.get("cost_bps", 5)

close = data["sp500"]["Close"]
month = pd.Series(close.index.year * 12 + close.index.month, index=close.index)
day_of_month = month.groupby(month).cumcount() + 1
# The exchange calendar is published in advance, so the number of trading days left is known.
days_left = month.groupby(month).cumcount(ascending=False)

earns = (day_of_month <= days_after) | (days_left < days_before)
# a return earned on day t+1 needs a position taken at the close of day t
position = earns.shift(-1, fill_value=False).astype(float)

returns = close.pct_change().fillna(0.0)
turnover = position.diff().abs().fillna(0.0)
net = position.shift(1).fillna(0.0) * returns - turnover * cost_bps / 1e4
equity = (1 + net).cumprod()
inside = returns[earns].mean() * 1e4
outside = returns[~earns].mean() * 1e4
sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0

print(f"Turn of month [-{days_before}, +{days_after}]: {inside:.1f} bps a day inside, {outside:.1f} bps outside")
print(f"Sharpe {sharpe:.2f} in the market {earns.mean():.0%} of days")
emit(
    total_return=float(equity.iloc[-1] - 1),
    annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
    sharpe=sharpe,
    max_drawdown=float((equity / equity.cummax() - 1).min()),
    trades=int(turnover.sum()),
)


def signals(data, params):
    return position
