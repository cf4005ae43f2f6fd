import math
from scipy.stats import norm
def call(s, k, t, r, v):
    d1 = (math.log(s / k) + (r + v * v / 2) * t) / (v * math.sqrt(t))
    return s * norm.cdf(d1) - k * math.exp(-r * t) * norm.cdf(d1 - v * math.sqrt(t))
print(f"{call(100, 100, 1, 0.01, 0.2):,.4f}")
