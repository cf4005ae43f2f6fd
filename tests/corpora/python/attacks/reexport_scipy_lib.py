from scipy._lib import _util
_util.os
