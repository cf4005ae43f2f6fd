def _sma(x, n): return x.rolling(n).mean()
class _Base:
    _cache = {}
    def _compute(self, x): return x * 2
    def __private(self): return 1
class S(_Base):
    def run(self):
        self._last = self._compute(3)
        return self._last
s = S()
print(s.run(), s._last, S._cache, _sma(data["sp500"]["Close"], 3).iloc[-1])
