from statsmodels.tools import data as d
d.pd.read_pickle("x")
