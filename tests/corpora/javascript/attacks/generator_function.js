Object.getPrototypeOf(function*(){}).constructor("yield 1")
