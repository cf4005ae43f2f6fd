import numpy as np
import pandas as pd
import plotly.express as px
import plotly.graph_objects as go
from plotly.subplots import make_subplots

rng = np.random.default_rng(7)
days = pd.date_range("2022-01-03", periods=120, freq="B")
close = pd.Series(100 * np.exp(np.cumsum(rng.normal(0, 0.01, 120))), index=days)
figure = make_subplots(rows=2, cols=1, shared_xaxes=True)
figure.add_trace(go.Candlestick(x=days, open=close, high=close * 1.01, low=close * 0.99, close=close), row=1, col=1)
figure.add_trace(go.Scatter(x=days, y=close / close.cummax() - 1, name="drawdown"), row=2, col=1)
figure.update_layout(title="Prices", template="plotly_white", xaxis_rangeslider_visible=False)
figure.write_html("plotly-prices.html", include_plotlyjs="cdn")
px.line(x=days, y=close, title="Close").show()
emit(plotly=len(figure.to_json()) > 1000)
