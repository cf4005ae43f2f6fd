def f():
    return open("/etc/passwd").read()
print(f())
open = 1
