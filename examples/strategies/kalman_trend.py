"""Local linear trend Kalman filter; long while the filtered slope is positive."""

import numpy as np


class KalmanTrend:
    def __init__(self, level_noise: float, slope_noise: float, observation_noise: float):
        self.F = np.array([[1.0, 1.0], [0.0, 1.0]])
        self.Q = np.diag([level_noise, slope_noise])
        self.R = observation_noise
        self.H = np.array([1.0, 0.0])

    def filter(self, observations: np.ndarray) -> np.ndarray:
        x = np.array([observations[0], 0.0])
        P = np.eye(2) * 1e-2
        states = np.empty((len(observations), 2))
        for t, z in enumerate(observations):
            x = self.F @ x
            P = self.F @ P @ self.F.T + self.Q
            innovation = z - x[0]
            S = P[0, 0] + self.R
            K = P[:, 0] / S
            x = x + K * innovation
            P = P - np.outer(K, P[0])
            states[t] = x
        return states


def main():
    close = data["sp500"]["Close"].to_numpy()
    kf = KalmanTrend(
        level_noise=params.get("level_noise", 1e-6),
        slope_noise=params.get("slope_noise", 1e-8),
        observation_noise=params.get("observation_noise", 1e-3),
    )
    states = kf.filter(np.log(close))
    warmup = 60
    slope = states[:, 1]
    position = np.where(slope > params.get("min_slope", 0.0), 1.0, 0.0)
    position[:warmup] = 0.0

    returns = np.zeros(len(close))
    returns[1:] = close[1:] / close[:-1] - 1
    turnover = np.abs(np.diff(position, prepend=0.0))
    net = -turnover * params.get("cost_bps", 5) / 1e4
    net[1:] += position[:-1] * returns[1:]
    equity = np.cumprod(1 + net)
    sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
    print(f"Kalman trend: filtered annual slope now {slope[-1] * 252:+.1%}")
    print(f"Sharpe {sharpe:.2f}, {int(turnover.sum())} trades")
    emit(
        total_return=float(equity[-1] - 1),
        annual_return=float(equity[-1] ** (252 / len(net)) - 1),
        sharpe=sharpe,
        max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()),
        trades=int(turnover.sum()),
    )


if __name__ == "__main__":
    main()
