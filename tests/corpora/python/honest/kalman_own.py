import numpy as np
class Kalman:
    def __init__(self, q=1e-5, r=1e-2):
        self.q, self.r, self.x, self.p = q, r, 0.0, 1.0
    def update(self, z):
        self.p += self.q
        k = self.p / (self.p + self.r)
        self.x += k * (z - self.x)
        self.p *= 1 - k
        return self.x
k = Kalman()
est = [k.update(v) for v in np.log(data["sp500"]["Close"])]
print(est[-1])
