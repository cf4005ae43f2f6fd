import numpy as np
import pandas as pd
from dataclasses import dataclass, field
from typing import Optional, List, Dict

@dataclass
class Config:
    fast: int = 12
    slow: int = 26
    fee: float = 0.001
    notes: List[str] = field(default_factory=list)

class EMAStrategy:
    """Exponential moving averages."""

    def __init__(self, config: Optional[Config] = None):
        self.config = config or Config()
        self._position = 0
        self.__cash = 10_000.0

    def __repr__(self):
        return f"{self.__class__.__name__}({self.config!r})"

    @property
    def cash(self):
        return self.__cash

    def run(self, close: pd.Series) -> Dict[str, float]:
        fast = close.ewm(span=self.config.fast, adjust=False).mean()
        slow = close.ewm(span=self.config.slow, adjust=False).mean()
        pos = np.where(fast > slow, 1, -1)
        ret = close.pct_change().fillna(0) * pd.Series(pos, index=close.index).shift(1)
        return {"sharpe": float(ret.mean() / ret.std() * np.sqrt(252))}

strategy = EMAStrategy()
result = strategy.run(data["sp500"]["Close"])
print(strategy, "{:.2f}".format(result["sharpe"]))
