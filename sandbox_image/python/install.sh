#!/bin/sh
# Python: the locked wheels, byte-compiled, in /opt/windtunnel/lib.
set -e
export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=/opt/windtunnel/lib

# pip runs from its own wheel because a plain Debian base has none.
set -- /parts/pip/pip-*.whl
PYTHONPATH='' python3 "$1/pip" install \
    --quiet --root-user-action ignore --no-index --find-links /parts/wheels --no-deps \
    --require-hashes --no-compile --target /opt/windtunnel/lib -r /parts/requirements.txt
# The test suites are a seventh of the size, and no code outside them imports them.
cd /opt/windtunnel/lib
rm -rf bin share
find . -type d -name tests -prune -exec rm -rf {} +
# A sandbox cannot write byte code, so it is made here; "unchecked" because file times need
# not survive the copy into the next stage.
python3 -m compileall -q -j0 --invalidation-mode unchecked-hash /opt/windtunnel/lib
# matplotlib's list of fonts takes a second to make; see libraries.py.
MPLCONFIGDIR=/opt/windtunnel/fonts MPLBACKEND=Agg python3 -P -s -B -c 'import matplotlib.font_manager'
# An image whose libraries do not load is not worth tagging.
MPLCONFIGDIR=/tmp MPLBACKEND=Agg python3 -P -s -B -c "
import numpy, pandas, pyarrow.parquet, scipy.optimize, scipy.signal, scipy.stats
import sklearn.cluster, sklearn.ensemble, sklearn.linear_model, sklearn.svm
import statsmodels.api, statsmodels.tsa.stattools, matplotlib.pyplot"
