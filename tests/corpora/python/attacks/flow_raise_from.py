raise ValueError from eval("1")
