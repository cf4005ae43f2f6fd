new Function("return process")()
