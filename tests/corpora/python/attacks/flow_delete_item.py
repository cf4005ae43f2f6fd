del [1][eval("0")]
