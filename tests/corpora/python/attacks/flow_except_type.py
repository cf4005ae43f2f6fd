try:
    1 / 0
except eval("ZeroDivisionError"):
    pass
