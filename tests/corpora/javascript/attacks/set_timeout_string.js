setTimeout("eval('1')", 0)
