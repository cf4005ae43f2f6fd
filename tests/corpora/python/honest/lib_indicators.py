import numpy as np
import pandas as pd
import pandas_ta as ta
import talib
from tabulate import tabulate
from talib import abstract
from tqdm import tqdm

rng = np.random.default_rng(7)
close = pd.Series(100 * np.exp(np.cumsum(rng.normal(0, 0.01, 300))))
df = pd.DataFrame({"open": close, "high": close * 1.01, "low": close * 0.99, "close": close, "volume": 1000.0})
rsi = talib.RSI(close.to_numpy(), timeperiod=14)
upper, middle, lower = talib.BBANDS(df["close"], timeperiod=20, nbdevup=2, nbdevdn=2, matype=talib.MA_Type.SMA)
macd, signal, hist = talib.MACD(df["close"], fastperiod=12, slowperiod=26, signalperiod=9)
df["atr"] = abstract.ATR(df, timeperiod=14)
df["hammer"] = talib.CDLHAMMER(df["open"], df["high"], df["low"], df["close"])

df.ta.rsi(length=14, append=True)
df.ta.macd(fast=12, slow=26, signal=9, append=True)
df.ta.bbands(length=20, std=2, append=True)
df["ema"] = ta.ema(df["close"], length=20)
df["vwma"] = df.ta.vwma(length=10)
gap = np.nanmax(np.abs(df["RSI_14"].to_numpy()[100:] - rsi[100:]))

position = 0
trades = []
for i in tqdm(range(30, len(df)), desc="backtest"):
    if rsi[i] < 30 and position == 0:
        position = 1
        trades.append(("buy", i, round(float(close[i]), 2)))
    elif rsi[i] > 70 and position == 1:
        position = 0
        trades.append(("sell", i, round(float(close[i]), 2)))
tqdm.write("done")
print(tabulate(trades, headers=["side", "bar", "price"], tablefmt="github"))
print(df.tail(3).to_markdown())
emit(indicators=bool(gap < 5), columns=len(df.columns))
