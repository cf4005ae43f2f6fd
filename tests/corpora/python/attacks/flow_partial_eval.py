from functools import partial
partial(eval, "1")()
