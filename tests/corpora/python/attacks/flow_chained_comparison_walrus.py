if (x := 0) < (f := exec) is None:
    pass
