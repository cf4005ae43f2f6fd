class A:
    import random as r
A.r._os.system("id")
