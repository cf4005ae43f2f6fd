from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.stattools import adfuller, coint
s = data["sp500"]["Close"].iloc[-300:]
print(adfuller(s)[1])
fit = ARIMA(s, order=(1, 1, 1)).fit()
print(fit.forecast(5))
