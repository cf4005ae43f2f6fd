print(f"{1:{eval('1')}}")
