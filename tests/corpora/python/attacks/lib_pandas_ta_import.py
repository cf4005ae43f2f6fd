import pandas_ta as ta
ta.import_dir("/tmp/indicators")
