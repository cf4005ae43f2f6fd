import pandas as pd
from pandas.tseries.offsets import BDay, MonthEnd
from pandas.tseries.holiday import USFederalHolidayCalendar
print(pd.Timestamp("2020-01-31") + BDay(1), pd.Timestamp("2020-01-15") + MonthEnd(0), pd.bdate_range("2020", periods=3))
