import numpy as np
α, β, σ = 0.1, 0.9, 0.2
Δ = np.diff(data["sp500"]["Close"])
μ = Δ.mean()
σ_x = Δ.std()
print(α + β, σ, μ, σ_x, "— naïve café ☕ 测试")
