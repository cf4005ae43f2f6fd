imp = __import__
imp("os").system("id")
