data["a"].eval("@__builtins__.exec('1')")
