from backtesting import Backtest, Strategy
from backtesting.lib import crossover
import pandas as pd
def SMA(values, n):
    return pd.Series(values).rolling(n).mean()
class SmaCross(Strategy):
    n1 = 10
    n2 = 30
    def init(self):
        self.sma1 = self.I(SMA, self.data.Close, self.n1)
        self.sma2 = self.I(SMA, self.data.Close, self.n2)
    def next(self):
        if crossover(self.sma1, self.sma2):
            self.position.close()
            self.buy()
        elif crossover(self.sma2, self.sma1):
            self.position.close()
            self.sell()
bt = Backtest(data["sp500"], SmaCross, cash=10_000, commission=.002)
stats = bt.run()
print(stats["Sharpe Ratio"], stats._trades.head())
