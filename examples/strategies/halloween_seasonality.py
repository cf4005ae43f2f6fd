"""Sell in May: full exposure in the winter half-year, reduced exposure in the summer."""

from datetime import date

import numpy as np
import pandas as pd


def is_winter(day: date, buy_month: int, sell_month: int) -> bool:
    return day.month >= buy_month or day.month < sell_month


def main():
    market = params.get("market", "sp500")
    buy_month = params.get("buy_month", 11)
    sell_month = params.get("sell_month", 5)
    summer_weight = params.get("summer_weight", 0.0)
    close = data[market]["Close"]

    weight = pd.Series(
        [1.0 if is_winter(d.date(), buy_month, sell_month) else summer_weight for d in close.index],
        index=close.index,
    )
    turnover = weight.diff().abs().fillna(weight)
    returns = close.pct_change().fillna(0.0)
    net = weight.shift(1).fillna(0.0) * returns - turnover * params.get("cost_bps", 5) / 1e4
    equity = (1 + net).cumprod()
    sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0

    winter = returns[weight == 1.0]
    summer = returns[weight != 1.0]
    print(f"{market}: winter {winter.mean() * 252:.1%} a year, summer {summer.mean() * 252:.1%} a year")
    print(f"Sharpe {sharpe:.2f} with summer weight {summer_weight}")
    emit(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
        sharpe=sharpe,
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=int((turnover > 0).sum()),
        winter_mean=float(winter.mean() * 252),
        summer_mean=float(summer.mean() * 252),
    )


if __name__ == "__main__":
    main()
