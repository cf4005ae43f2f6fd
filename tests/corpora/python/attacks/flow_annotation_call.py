x: eval("int") = 1
