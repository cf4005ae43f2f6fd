from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass
class MacdConfig:
    fast: int = 12
    slow: int = 26
    signal: int = 9
    cost_bps: float = 5.0
    zero_filter: bool = False


def macd(close: pd.Series, cfg: MacdConfig) -> pd.DataFrame:
    line = close.ewm(span=cfg.fast, adjust=False).mean() - close.ewm(span=cfg.slow, adjust=False).mean()
    signal = line.ewm(span=cfg.signal, adjust=False).mean()
    return pd.DataFrame({"macd": line, "signal": signal, "histogram": line - signal})


def performance(net: pd.Series, trades: int) -> dict[str, float]:
    equity = (1 + net).cumprod()
    std = net.std()
    return dict(
        total_return=float(equity.iloc[-1] - 1),
        annual_return=float(equity.iloc[-1] ** (252 / len(net)) - 1),
        sharpe=float(np.sqrt(252) * net.mean() / std) if std > 0 else 0.0,
        max_drawdown=float((equity / equity.cummax() - 1).min()),
        trades=int(trades),
    )


def main() -> None:
    cfg = MacdConfig(
        fast=params.get("fast", 12),
        slow=params.get("slow", 26),
        signal=params.get("signal", 9),
        cost_bps=params.get("cost_bps", 5.0),
        zero_filter=params.get("zero_filter", False),
    )
    close = data["sp500"]["Close"]
    ind = macd(close, cfg)
    long = ind["histogram"] > 0
    if cfg.zero_filter:
        long &= ind["macd"] > 0
    position = long.astype(float)
    position.iloc[: cfg.slow + cfg.signal] = 0.0  # warm-up
    turnover = position.diff().abs().fillna(0.0)
    net = position.shift(1).fillna(0.0) * close.pct_change().fillna(0.0) - turnover * cfg.cost_bps / 1e4
    stats = performance(net, int((turnover > 0).sum()))
    print(cfg)
    print(", ".join(f"{k}={v:.3f}" for k, v in stats.items()))
    emit(**stats)


if __name__ == "__main__":
    main()
