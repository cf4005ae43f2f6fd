import numpy as np
x = np.asarray(data["sp500"]["Close"], dtype=float)
peak = np.maximum.accumulate(x)
print((x / peak - 1).min(), np.where(x > 1000)[0][:3], np.lexsort((x, x))[:2], np.einsum("i,i->", x, x), np.r_[x[:2], 1], np.errstate(divide="ignore"), np.s_[1:2], np.testing.assert_allclose(1, 1))
