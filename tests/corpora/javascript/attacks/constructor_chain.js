[].constructor.constructor("return process")()
