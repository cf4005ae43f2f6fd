from statsmodels.regression.linear_model import OLSResults
OLSResults.load('/tmp/evil.pkl')
