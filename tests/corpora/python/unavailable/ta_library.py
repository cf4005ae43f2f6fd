import ta
from ta.momentum import RSIIndicator
from ta.volatility import BollingerBands
df = data["sp500"]
df = df.assign(rsi=RSIIndicator(df["Close"], window=14).rsi(), bb=BollingerBands(df["Close"]).bollinger_hband())
print(df.tail(), ta.trend.macd(df["Close"]).iloc[-1])
