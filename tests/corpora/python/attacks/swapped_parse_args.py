import argparse
class A:
    name = "real"
p = argparse.ArgumentParser()
p.add_argument("--name")
a = A()
p.parse_args(["--name", "__glo" "bals__"], namespace=a)
def f(): pass
print(getattr(f, a.name))
