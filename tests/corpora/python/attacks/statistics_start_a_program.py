import pandas as pd
from statsmodels.tsa.x13 import x13_arima_analysis
s = pd.Series(range(60), index=pd.date_range('2015', periods=60, freq='ME'))
x13_arima_analysis(s, x12path='/tmp/evil')
