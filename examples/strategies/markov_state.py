"""First-order Markov chain over discretised returns, estimated on an expanding window."""

import numpy as np


class MarkovChain:
    def __init__(self, states: int, prior: float = 5.0):
        self.counts = np.full((states, states), prior / states)
        self.sums = np.zeros(states)
        self.visits = np.zeros(states)

    def observe(self, previous: int, current: int, value: float) -> None:
        self.counts[previous, current] += 1
        self.sums[current] += value
        self.visits[current] += 1

    def expected_next(self, state: int) -> float:
        probabilities = self.counts[state] / self.counts[state].sum()
        means = np.divide(self.sums, self.visits, out=np.zeros_like(self.sums), where=self.visits > 0)
        return float(probabilities @ means)


def main():
    close = data["sp500"]["Close"].to_numpy()
    n_states = params.get("states", 3)
    train = params.get("train", 500)
    horizon = params.get("horizon", 1)
    cost = params.get("cost_bps", 5) / 10_000

    returns = np.zeros(len(close))
    returns[1:] = close[1:] / close[:-1] - 1
    feature = np.convolve(returns, np.ones(horizon), mode="full")[: len(returns)]
    # the edges of the states come from the training window only
    edges = np.quantile(feature[1:train], np.linspace(0, 1, n_states + 1)[1:-1])
    states = np.digitize(feature, edges)

    chain = MarkovChain(n_states)
    position = np.zeros(len(close))
    for t in range(2, len(close)):
        chain.observe(states[t - 1], states[t], returns[t])
        if t >= train:
            position[t] = 1.0 if chain.expected_next(states[t]) > cost * params.get("hurdle", 0.0) else 0.0

    turnover = np.abs(np.diff(position, prepend=0.0))
    net = np.zeros(len(close))
    net[1:] = position[:-1] * returns[1:]
    net -= turnover * cost
    equity = np.cumprod(1 + net)
    sharpe = float(net.mean() / net.std() * np.sqrt(252)) if net.std() > 0 else 0.0
    forecasts = ", ".join(f"{chain.expected_next(s) * 1e4:+.1f}" for s in range(n_states))
    print(f"Expected next return by state, in basis points: {forecasts}")
    print(f"Sharpe {sharpe:.2f}, invested {position[train:].mean():.0%} of days")
    emit(
        total_return=float(equity[-1] - 1),
        annual_return=float(equity[-1] ** (252 / len(net)) - 1),
        sharpe=sharpe,
        max_drawdown=float((equity / np.maximum.accumulate(equity) - 1).min()),
        trades=int(turnover.sum()),
    )


if __name__ == "__main__":
    main()
