data["a"].pivot_table(values="x", aggfunc="to_pickle")
