def calculate_portfolio_sharpe_ratio(returns, risk_free_rate=0.02):
    import numpy as np

    excess_returns = returns - risk_free_rate
    sharpe_ratio = np.mean(excess_returns) / np.std(excess_returns)

    return sharpe_ratio


returns = [0.05, 0.03, -0.02, 0.04, 0.06]
sharpe = calculate_portfolio_sharpe_ratio(returns)
print(f"Sharpe Ratio: {sharpe:.4f}")
