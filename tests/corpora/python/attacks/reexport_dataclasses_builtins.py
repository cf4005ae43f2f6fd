from dataclasses import builtins as b
b.eval("1")
