["1"].map(eval)
