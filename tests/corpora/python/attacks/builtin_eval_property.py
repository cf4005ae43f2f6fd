class A:
    x = property(eval)
