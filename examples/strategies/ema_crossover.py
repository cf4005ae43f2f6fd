import math

import pandas as pd


class Strategy:
    """Base class: subclasses say which position to hold at each close."""

    def __init__(self, name: str, cost_bps: float = 5.0):
        self.name = name
        self.cost_bps = cost_bps

    def positions(self, frame: pd.DataFrame) -> pd.Series:
        raise NotImplementedError

    def run(self, frame: pd.DataFrame) -> pd.DataFrame:
        out = pd.DataFrame(index=frame.index)
        out["position"] = self.positions(frame)
        out["market"] = frame["Close"].pct_change().fillna(0)
        out["turnover"] = out["position"].diff().abs().fillna(out["position"].abs())
        out["pnl"] = out["position"].shift(1).fillna(0) * out["market"]
        out["pnl"] -= out["turnover"] * self.cost_bps / 1e4
        out["equity"] = (1 + out["pnl"]).cumprod()
        return out


class EmaCrossover(Strategy):
    def __init__(self, fast: int = 12, slow: int = 26, allow_short: bool = False, **kwargs):
        super().__init__(name=f"EMA({fast},{slow})", **kwargs)
        self.fast = fast
        self.slow = slow
        self.allow_short = allow_short

    def __repr__(self):
        return f"EmaCrossover(fast={self.fast}, slow={self.slow}, allow_short={self.allow_short})"

    def positions(self, frame):
        close = frame["Close"]
        fast = close.ewm(span=self.fast, adjust=False).mean()
        slow = close.ewm(span=self.slow, adjust=False).mean()
        long = (fast > slow).astype(float)
        position = long * 2 - 1 if self.allow_short else long
        position.iloc[: self.slow] = 0.0
        return position


strategy = EmaCrossover(
    fast=params.get("fast", 12),
    slow=params.get("slow", 26),
    allow_short=params.get("allow_short", False),
    cost_bps=params.get("cost_bps", 5),
)
history = strategy.run(data["nasdaq"])
pnl = history["pnl"]
years = len(pnl) / 252
final = history["equity"].iloc[-1]
sharpe = pnl.mean() / pnl.std() * math.sqrt(252) if pnl.std() > 0 else 0.0
drawdown = (history["equity"] / history["equity"].cummax() - 1).min()

print(strategy)
print(f"{strategy.name}: ${10_000 * final:,.0f} from $10,000, Sharpe {sharpe:.2f}, worst drawdown {drawdown:.1%}")
emit(
    total_return=float(final - 1),
    annual_return=float(final ** (1 / years) - 1),
    sharpe=float(sharpe),
    max_drawdown=float(drawdown),
    trades=int((history["turnover"] > 0).sum()),
)
