from scipy import stats
import numpy as np
import argparse
from argparse import ArgumentParser, HelpFormatter, MetavarTypeHelpFormatter, RawTextHelpFormatter
from pandas.util import hash_pandas_object, hash_array
from numpy.typing import ArrayLike, DTypeLike, NDArray
from numpy.lib.stride_tricks import sliding_window_view
r = np.arange(10.0)
print(stats.permutation_test, stats.bootstrap, stats.monte_carlo_test, stats.ttest_1samp, stats.jarque_bera, stats.kstest, stats.anderson, stats.bws_test, stats.tukey_hsd, stats.false_discovery_control, stats.page_trend_test, stats.quantile_test, stats.power, stats.goodness_of_fit)
print(np.lib.stride_tricks.sliding_window_view(r, 3))
ap = ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter); ap.add_argument("--n", type=int, default=3); a = ap.parse_args([])
print(a.n)
