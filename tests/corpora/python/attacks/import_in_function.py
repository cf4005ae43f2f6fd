def helper():
    import os
    return os.getcwd()
print(helper())
