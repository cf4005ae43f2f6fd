import warnings, linecache
