Function("return this")()
