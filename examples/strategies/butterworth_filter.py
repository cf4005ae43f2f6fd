import numpy as np
from scipy.signal import butter, lfilter, lfilter_zi


def causal_lowpass(x, cutoff_days, order=2):
    """One-directional filter: unlike filtfilt it uses no future values."""
    b, a = butter(order, 2.0 / cutoff_days)
    zi = lfilter_zi(b, a) * x[0]
    y, _ = lfilter(b, a, x, zi=zi)
    return y


def metrics(net, trades):
    equity = np.cumprod(1 + net)
    peak = np.maximum.accumulate(equity)
    deviation = np.std(net, ddof=1)
    return dict(
        total_return=float(equity[-1] - 1),
        annual_return=float(equity[-1] ** (252 / len(net)) - 1),
        sharpe=float(np.mean(net) / deviation * np.sqrt(252)) if deviation > 0 else 0.0,
        max_drawdown=float(np.min(equity / peak - 1)),
        trades=int(trades),
    )


close = data["sp500"]["Close"].to_numpy()
cutoff = params.get("cutoff_days", 60)
order = params.get("order", 2)
smooth = causal_lowpass(np.log(close), cutoff, order)
velocity = np.diff(smooth, prepend=smooth[0])

position = (velocity > params.get("min_velocity", 0.0)).astype(float)
position[: 2 * cutoff] = 0.0
turnover = np.abs(np.diff(position, prepend=0.0))
returns = np.diff(close, prepend=close[0]) / np.concatenate([[close[0]], close[:-1]])
net = np.concatenate([[0.0], position[:-1]]) * returns - turnover * params.get("cost_bps", 5) / 1e4

result = metrics(net, turnover.sum())
print(f"Butterworth low-pass of order {order}, cutoff {cutoff} days")
print("; ".join(f"{name} {value:.3f}" for name, value in result.items()))
emit(**result)
