import pandas as pd
pd.set_option("display.max_columns", 20)
pd.options.display.float_format = "{:.4f}".format
pd.options.mode.chained_assignment = None
with pd.option_context("display.max_rows", 5):
    print(data["sp500"])
