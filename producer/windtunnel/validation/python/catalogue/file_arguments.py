"""Functions with an argument that makes them open files, which looks like any other. Data; may import nothing."""

FILE_ARGUMENTS = {
    "argparse.ArgumentParser": ("fromfile_prefix_chars", 7),
    "scipy.odr.ODR": ("errfile", 8),
    "sklearn.cluster.FeatureAgglomeration": ("memory", 2),
    "sklearn.cluster.AgglomerativeClustering": ("memory", 2),
    "sklearn.pipeline.Pipeline": ("memory", 1),
    "sklearn.feature_extraction.text.CountVectorizer": ("input", 0),
    "sklearn.feature_extraction.text.TfidfVectorizer": ("input", 0),
    "sklearn.feature_extraction.text.HashingVectorizer": ("input", 0),
    "lightgbm.Dataset": ("data", 0),
    "lightgbm.Booster": ("model_file", 2),
    "lightgbm.train": ("init_model", 5),
    "lightgbm.cv": ("init_model", 99),
    "xgboost.Booster": ("model_file", 2),
    "xgboost.DMatrix": ("data", 0),
    "xgboost.QuantileDMatrix": ("data", 0),
    "xgboost.train": ("xgb_model", 99),
    "mplfinance.make_mpf_style": ("base_mpl_style", 99),
}
"""Full name → the argument's keyword and its place; the one after it is looked at too."""
