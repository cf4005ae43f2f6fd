from statsmodels.iolib.smpickle import load_pickle
load_pickle("x")
