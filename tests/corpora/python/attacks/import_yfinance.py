import yfinance as yf
yf.download("AAPL")
