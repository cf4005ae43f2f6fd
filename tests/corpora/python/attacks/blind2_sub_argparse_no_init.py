import argparse
class P(argparse.ArgumentParser):
    pass
p = P(fromfile_prefix_chars="@")
p.add_argument("x", nargs="*")
print(p.parse_args(["@/etc/passwd"]))
