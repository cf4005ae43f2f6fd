exec_price = 3.0
eval_window = 5
open_price = data["sp500"]["Open"].iloc[0]
compile_stats = {"open": open_price, "exec": exec_price, "import": 1, "__class__": "text"}
print(compile_stats["exec"], eval_window, "os.system is only a text here")
