import numpy as np
import pandas as pd
from arch import arch_model
from arch.unitroot import ADF
from hmmlearn.hmm import GaussianHMM

rng = np.random.default_rng(7)
returns = pd.Series(rng.normal(0, 1, 500))
fitted = arch_model(returns, mean="Constant", vol="GARCH", p=1, q=1, dist="t").fit(disp="off")
forecast = fitted.forecast(horizon=5).variance.iloc[-1]
stationary = ADF(returns).pvalue < 0.05

features = np.column_stack([returns.to_numpy(), returns.rolling(5).std().fillna(1).to_numpy()])
regimes = GaussianHMM(n_components=2, covariance_type="diag", n_iter=50, random_state=1).fit(features)
states = regimes.predict(features)
print(fitted.summary(), np.bincount(states))
emit(models=bool(stationary), horizon=len(forecast))
