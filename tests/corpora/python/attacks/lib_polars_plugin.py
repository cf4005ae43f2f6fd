import polars as pl
from polars.plugins import register_plugin_function
print(register_plugin_function(plugin_path="/tmp/x.so", function_name="f", args=[pl.col("a")]))
