#!/bin/sh
# Python: the locked wheels, byte-compiled, in /opt/windtunnel/lib.
set -e
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/opt/windtunnel/lib

# pip runs from its own wheel because a plain Debian base has none.
set -- /parts/pip/pip-*.whl
PYTHONPATH='' python3 "$1/pip" install \
    --quiet --root-user-action ignore --no-index --find-links /parts/wheels --no-deps \
    --require-hashes --no-compile --target /opt/windtunnel/lib -r /parts/requirements.txt
# The test suites are a seventh of the size, and no code outside them imports them; nor sources in C, nor notebooks.
cd /opt/windtunnel/lib
# `setup` is of cvxpy's build.
rm -rf bin share setup plotly/labextension plotly/package_data/widgetbundle.js
find . -type d -name tests -prune -exec rm -rf {} +
find talib -name '*.[cp]*' ! -name '*.py' ! -name '*.so' -delete
python3 /parts/adapt.py
# lightgbm looks for the system's OpenMP; scikit-learn brings one.
mkdir /opt/windtunnel/native
ln -s ../lib/scikit_learn.libs/libgomp-*.so* /opt/windtunnel/native/libgomp.so.1
# A sandbox cannot write byte code, so it is made here; "unchecked" because file times need
# not survive the copy into the next stage.
python3 -m compileall -q -j0 --invalidation-mode unchecked-hash /opt/windtunnel/lib
# matplotlib's list of fonts takes a second to make; see libraries.py.
MPLCONFIGDIR=/opt/windtunnel/fonts MPLBACKEND=Agg python3 -P -s -B -c 'import matplotlib.font_manager'
# An image whose libraries do not load is not worth tagging.
LD_LIBRARY_PATH=/opt/windtunnel/native MPLCONFIGDIR=/tmp MPLBACKEND=Agg python3 -P -s -B -c "
import numpy, pandas, pyarrow.parquet, scipy.optimize, scipy.signal, scipy.stats
import sklearn.cluster, sklearn.ensemble, sklearn.linear_model, sklearn.svm
import statsmodels.api, statsmodels.tsa.stattools, matplotlib.pyplot
import polars, plotly.express, mplfinance, seaborn, tqdm, tabulate, arch, talib, pandas_ta, hmmlearn.hmm
import lightgbm, xgboost, numba, cvxpy"
