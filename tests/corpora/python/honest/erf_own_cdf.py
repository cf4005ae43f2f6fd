from math import erf, sqrt, exp, pi, log
def cdf(x): return 0.5 * (1 + erf(x / sqrt(2)))
def pdf(x): return exp(-x * x / 2) / sqrt(2 * pi)
print(cdf(1.96), pdf(0), log(2))
